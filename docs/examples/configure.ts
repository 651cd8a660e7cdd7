/**
 * Brings a configuration to hosts, to all at once, and each host back to what it had where that
 * does not work. On each host run `sixcast receive 'config/*'` and `sixcast agent`, as
 * configure/agent.json says.
 *
 *   node configure.js FILE REALM SCOPE HOST...
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect, type PeerId, type Reading, type Scope } from 'sixcast'

const [file = '', realm = '', scope = '', ...names] = process.argv.slice(2)
const hash = createHash('sha256').update(await readFile(file))
const version = hash.digest('hex').slice(0, 12)

await using bus = await connect({ realm, scope: scope as Scope, name: 'configure' })
const DONE = `runs ${version}`
const outcomes = new Map(names.map((name) => [name, 'not here']))

// Who is there, and what runs there: one question.
const fetching = bus.fetch<string>('app/config', { timeout: 20_000 })
const hosts = (await fetching.all()).filter(({ from }) => outcomes.has(nameOf(from)))
for (const outcome of (await fetching.report).outcomes) {
  const name = nameOf(outcome.from)
  if (outcome.type !== 'error' || !outcomes.has(name)) continue
  outcomes.set(name, `left alone: ${String(outcome.error)}`)
}

// The file crosses the network once. Whoever does not get it fails to apply it.
if (hosts.length > 0) {
  await bus.matched('config/app', { count: hosts.length, timeout: 5000 }).catch(() => 0)
  await bus.sendFile('config/app', file, { name: `${version}.conf`, timeout: 5000 })
}

await Promise.all(hosts.map(async (host) => outcomes.set(nameOf(host.from), await bring(host))))
for (const [name, outcome] of outcomes) console.log(`${name.padEnd(12)} ${outcome}`)
const done = [...outcomes.values()].filter((outcome) => outcome === DONE)
process.exitCode = done.length === names.length ? 0 : 1

/** What came of it. */
async function bring({ from, value: before }: Reading<string>): Promise<string> {
  const fault = await apply(from, version)
  if (fault === undefined) return DONE
  const worse = await apply(from, before)
  return worse === undefined ? `back to ${before}: ${fault}` : `LOST: ${fault}; then: ${worse}`
}

/** Has a host apply a version, and looks whether it runs. Gives what is wrong. */
async function apply(host: PeerId, wanted: string): Promise<string | undefined> {
  try {
    await bus.request('host/run/apply', wanted, { to: host, timeout: 30_000 })
    const [running] = await bus.fetch<string>('app/config', { from: host, timeout: 20_000 }).all()
    return running?.value === wanted ? undefined : `it runs ${running?.value}`
  } catch (error) {
    return String(error)
  }
}

function nameOf(id: PeerId): string {
  return bus.presence.get(id)?.name ?? id
}
