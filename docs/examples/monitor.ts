/**
 * How the hosts of a realm are: a line for each, drawn anew every second, and an alarm when a disk
 * fills up. On each host runs `sixcast agent`.
 *
 *   node monitor.js [REALM [SCOPE [PERCENT]]]
 */
import { connect, type Occasion, type PeerId, type Scope, type WhenStep } from 'sixcast'

/** A host, and what each of its variables was in the last seconds, the newest last. */
interface Host {
  readonly name: string
  readonly past: Map<string, number[]>
}

const [realm = 'local', scope = 'host', percent = '90'] = process.argv.slice(2)
const BARS = '▁▂▃▄▅▆▇█'
const SECONDS = 20
const hosts = new Map<PeerId, Host>()
const alarms = new Map<string, string>()

await using bus = await connect({ realm, scope: scope as Scope, name: 'monitor' })

// A disk that wavers about the bound is one alarm, and not many.
const full = Number(percent)
await using _alarm = bus.when<number>('host/disk/*/used', (used) => used > full, raise, {
  for: 2000,
  until: (used) => used < full - 5,
  told: settle,
})

const drawing = setInterval(draw, 1000)
const control = new AbortController()
process.once('SIGINT', () => control.abort())
// Whoever reads it by `head` has enough after some lines.
process.stdout.on('error', () => control.abort())
try {
  const names = ['host/load', 'host/memory/used', 'host/disk/*/used']
  for await (const change of bus.watch<number>(names, { signal: control.signal })) {
    if (change.type === 'value') hostOf(change.from).past.set(change.name, pastOf(change))
    else hosts.get(change.from)?.past.delete(change.name)
  }
} catch (error) {
  if (!control.signal.aborted) throw error
} finally {
  clearInterval(drawing)
}

function hostOf(id: PeerId): Host {
  const known = hosts.get(id)
  if (known) return known
  const name = bus.presence.get(id)?.name ?? id
  // An agent that was started anew is another peer, and takes the place of the one before.
  for (const [other, host] of hosts) if (host.name === name) hosts.delete(other)
  const host = { name, past: new Map<string, number[]>() }
  hosts.set(id, host)
  return host
}

function pastOf({ from, name, value }: { from: PeerId; name: string; value: number }): number[] {
  return [...(hosts.get(from)?.past.get(name)?.slice(0, -1) ?? []), value]
}

function raise({ from, name, value }: Occasion<number>): void {
  alarms.set(`${from} ${name}`, `ALARM ${hostOf(from).name}: ${shortOf(name)} is ${value} % full`)
}

function settle({ type, from, name }: WhenStep): void {
  if (type === 'over' || type === 'gone') alarms.delete(`${from} ${name}`)
}

function draw(): void {
  const lines = [...hosts.values()].map(({ name, past }) => {
    const cells = [...past].map(([variable, values]) => cellOf(variable, values))
    return `${name.padEnd(12)} ${cells.toSorted().join('  ') || 'gone'}`
  })
  // On a terminal over the last one.
  const place = process.stdout.isTTY ? '\x1b[H\x1b[J' : ''
  console.log([place + lines.toSorted().join('\n'), ...alarms.values(), ''].join('\n'))
}

function cellOf(name: string, past: number[]): string {
  const value = past.at(-1) ?? 0
  const top = name === 'host/load' ? Math.max(1, ...past) : 100
  const bars = past.map((one) => BARS[Math.min(7, Math.floor((8 * one) / top))])
  // What does not change stays as it is for another second.
  past.push(value)
  if (past.length > SECONDS) past.shift()
  return `${shortOf(name)} ${value.toFixed(1)} ${bars.join('')}`
}

/** `load`, `memory`, or a disk's name. */
function shortOf(name: string): string {
  return name.split('/').find((word) => word !== 'host' && word !== 'disk') ?? name
}
