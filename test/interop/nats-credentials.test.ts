/** Relays that prove themselves to a server of NATS: by an NKey, and by a file of credentials. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from '@nats-io/transport-node'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Relay, serve } from '../../relay/index.ts'

const key = new Uint8Array(32).fill(9)
const WAIT = { timeout: 20_000 }
const ended: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

describe('a server that asks for an NKey', () => {
  it('lets relays meet that have its seed, and says of another that it was refused', async () => {
    const user = nkeys.createUser()
    const nats = await serverWith(`authorization { users = [ { nkey: ${user.getPublicKey()} } ] }`)
    const seed = textOf(user.getSeed())
    const relays = [await relayAt(nats, `${seed}\n`), await relayAt(nats, seed)]
    await vi.waitFor(() => {
      expect(relays.map((relay) => relay.stats().backbone)).toEqual([1, 1])
    }, WAIT)
    const logged: string[] = []
    const other = await relayAt(nats, textOf(nkeys.createUser().getSeed()), logged)
    await vi.waitFor(() => expect(logged.join()).toMatch(/Authorization Violation/i), WAIT)
    expect(other.stats().backbone).toBe(0)
    expect(logged.join()).not.toContain(seed)
  })
})

describe('a server of an operator', () => {
  it('lets relays meet that have a file of credentials', async () => {
    const [operator, account, user] = [
      nkeys.createOperator(),
      nkeys.createAccount(),
      nkeys.createUser(),
    ]
    const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1 }
    const ofOperator = claim(operator, operator, { type: 'operator' })
    const ofAccount = claim(operator, account, {
      type: 'account',
      limits: { ...limits, wildcards: true },
    })
    const ofUser = claim(account, user, { type: 'user', subs: -1, data: -1, payload: -1 })
    const nats = await serverWith(
      `operator: ${ofOperator}\nresolver: MEMORY\n` +
        `resolver_preload { ${account.getPublicKey()}: ${ofAccount} }`,
    )
    const file =
      `-----BEGIN NATS USER JWT-----\n${ofUser}\n------END NATS USER JWT------\n\n` +
      `-----BEGIN USER NKEY SEED-----\n${textOf(user.getSeed())}\n------END USER NKEY SEED------\n`
    const relays = [await relayAt(nats, file), await relayAt(nats, file.trimEnd())]
    await vi.waitFor(() => {
      expect(relays.map((relay) => relay.stats().backbone)).toEqual([1, 1])
    }, WAIT)
  })
})

async function relayAt(nats: string, natsCredentials: string, logged?: string[]): Promise<Relay> {
  const say = (...said: unknown[]): void => void logged?.push(JSON.stringify(said))
  const log = { trace: say, debug: say, info: say, warn: say, error: say, fatal: say }
  const network = { listen: '[::1]:0', multicast: false, nats, natsCredentials }
  const relay = await serve({ realm: 'lab', key, ...network, ...(logged && { log }) })
  ended.push(() => relay.close())
  return relay
}

/** Debian's nats-server on the loopback interface, with this configuration beside its address. */
async function serverWith(configuration: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sixcast-nats-'))
  ended.push(() => rm(directory, { recursive: true, force: true }))
  const file = join(directory, 'nats.conf')
  const port = await freePort()
  await writeFile(file, `listen: "[::1]:${port}"\n${configuration}\n`)
  const server = spawn('nats-server', ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  ended.push(() => stopped(server))
  let said = ''
  // To its end: a server whose errors nobody reads any more is ended by the next of them.
  server.stderr.on('data', (chunk) => (said += String(chunk)))
  await vi.waitFor(() => expect(said).toContain('Server is ready'), WAIT)
  return `nats://[::1]:${port}`
}

async function stopped(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const exit = once(server, 'exit')
  server.kill()
  await exit
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '::1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

type Pair = ReturnType<typeof nkeys.createUser>

/** A claim as NATS signs them (JSON Web Tokens, algorithm ed25519-nkey). */
function claim(issuer: Pair, subject: Pair, nats: object): string {
  const head = part({ typ: 'JWT', alg: 'ed25519-nkey' })
  const body = part({
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: 'lab',
    nats: { ...nats, version: 2 },
  })
  const signed = issuer.sign(new TextEncoder().encode(`${head}.${body}`))
  return `${head}.${body}.${Buffer.from(signed).toString('base64url')}`
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
