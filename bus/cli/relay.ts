/** `sixcast relay`: carries a realm past multicast's reach. */
import { randomBytes } from 'node:crypto'
import type { Argv } from 'yargs'
import type { Relay, RelayOptions } from '../../relay/index.ts'
import type { Rule } from '../api/rules.ts'
import { isControlKey, parseControlKey } from '../io/control-key.ts'
import { TOKEN } from '../io/dashboard-token.ts'
import { parseKey } from '../io/key-text.ts'
import { NATS_CREDENTIALS } from '../io/nats-servers.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { aborted } from './interrupt.ts'
import { DEFAULT_LEVEL } from './log.ts'
import { relaySchema } from './relay-schema.ts'
import { RelaySecrets } from './relay-secrets.ts'
import { NEW_TOKEN, relaySettingsOf } from './relay-settings.ts'
import { type Settings, settingsOf } from './settings.ts'

export const relay: Command = {
  usage: 'relay',
  describe: 'Run a relay: peers whom no multicast reaches come to it by WebSocket',
  repeatable: ['link', 'nats', 'limit', 'origin'],
  build,
  run,
}

function build(parser: Argv): Argv {
  const value = { type: 'string', requiresArg: true } as const
  const options = parser
    .option('listen', {
      ...value,
      describe: '[ADDRESS]:PORT to listen at; :PORT is every address [default: [::1]:62278]',
    })
    .option('bridge', {
      type: 'boolean',
      describe:
        'Carry from interface to interface at scope link; --no-bridge does not [default: yes]',
    })
    .option('link', {
      ...value,
      describe: 'Address of another relay, to join with all that it reaches; repeatable',
    })
    .option('nats', {
      ...value,
      describe: 'Server of NATS by which relays meet; repeatable',
    })
    .option('nats-credentials', {
      ...value,
      describe: 'File that proves the relay to NATS (.creds, or an NKey), env:NAME or fd:N',
    })
    .option('metrics', { type: 'boolean', describe: 'Tell counters at /metrics to whoever asks' })
    .option('dashboard', {
      ...value,
      describe:
        'Serve /dashboard to whoever has the token in FILE, env:NAME or fd:N; new draws one',
    })
    .option('links', { ...value, describe: 'Links at once at most [default: 1000]' })
    .option('limit', { ...value, describe: 'Any limit of a relay, as NAME=N; repeatable' })
    .option('origin', { ...value, describe: 'Web origin whose pages may call; repeatable' })
    .option('schema', { type: 'boolean', describe: 'Print the JSON Schema of the file, and end' })
    .option('json', { type: 'boolean', describe: 'Print the address as a JSON object' })
  return withExamples(options, [
    ['sixcast relay --realm site --scope link --listen :62278', 'let others in'],
    ['sixcast relay --key site.control --scope link', 'without the key to read'],
    ['sixcast relay --realm site --scope link --link wss://relay.example', 'join two sites'],
    ['sixcast relay --realm site --scope link --nats nats://nats.example', 'join many sites'],
    ['sixcast relay --no-multicast', 'join peers that only have the relay'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const { interrupt, output, json } = world
  // What is said before the relay can hear it is done as soon as it can.
  let isHeldUp = false
  interrupt.onHangup(() => (isHeldUp = true))
  for (const name of [
    'relay',
    'peer',
    'unicast-port',
    'native',
    'key-log',
    'identity',
    'rights',
    'name',
    'linger',
    'proof',
  ]) {
    if (given[name] !== undefined) throw new UsageError(`option --${name} is of no use here`)
  }
  // The other commands start the faster without it.
  const door = await import('../../relay/index.ts')
  if (given['schema'] === true) {
    const schema = relaySchema({ ...door.defaultRelayLimits })
    await output.write(`${JSON.stringify(schema, undefined, 2)}\n`)
    return Exit.ok
  }
  const secrets = new RelaySecrets(interrupt.signal)
  const drawn = randomBytes(24).toString('base64url')
  const read = async (): Promise<AllSettings> => {
    const shared = await settingsOf(given, process.env)
    const own = await relaySettingsOf(given, process.env, door.defaultRelayLimits)
    const token = await tokenOf(own.dashboard, drawn, secrets)
    const natsCredentials = await credentialsOf(own.natsCredentials, secrets)
    return { ...shared, ...own, token, natsCredentials, secrets }
  }
  const settings = await read()
  await using running = await door.serve(optionsOf(settings, world))
  secrets.started()
  const readAnew = (): void => void reload(running, read, world)
  interrupt.onHangup(readAnew)
  if (isHeldUp) readAnew()
  const url = running.url ?? ''
  const page = `${url.replace('ws:', 'http:')}/dashboard`
  const shown = settings.token === undefined ? {} : { dashboard: page }
  const token = settings.token === drawn ? { token: drawn } : {}
  if (json) await output.object({ type: 'relay', url, ...shown, ...token })
  else await output.write(`${[url, ...Object.values(shown), ...Object.values(token)].join('\n')}\n`)
  // Who has read the address may go: a relay is there for others.
  await aborted(interrupt.signal)
  await end(running, world)
  return Exit.ok
}

type AllSettings = Partial<Settings> &
  Omit<Awaited<ReturnType<typeof relaySettingsOf>>, 'natsCredentials'> & {
    readonly token: string | undefined
    readonly natsCredentials: string | undefined
    readonly secrets: RelaySecrets
  }

async function tokenOf(
  named: string | undefined,
  drawn: string,
  secrets: RelaySecrets,
): Promise<string | undefined> {
  if (named === undefined || named === NEW_TOKEN) return named && drawn
  const { text: found, source } = await secrets.named(named, 'token')
  return checked(found.trim(), source, TOKEN)
}

async function credentialsOf(
  named: string | undefined,
  secrets: RelaySecrets,
): Promise<string | undefined> {
  if (named === undefined) return undefined
  const { text: found, source } = await secrets.named(named, 'credentials')
  return checked(found, source, NATS_CREDENTIALS)
}

/** The message names where it comes from. */
function checked(found: string, source: string, rule: Rule): string {
  const fault = rule.faultOf(found)
  if (fault) throw new UsageError(`${source} is ${fault.found}: ${fault.mend}`)
  return found
}

function optionsOf(settings: AllSettings, { interrupt, log }: World): RelayOptions {
  const { key, realm, open, scope, interface: interfaces, port, hops, multicast } = settings
  const { listen, bridge, links, nats, origins, metrics, limits, token, secrets } = settings
  const { natsCredentials } = settings
  return {
    ...(key !== undefined && { key: () => keyOf(key, realm, secrets) }),
    ...(realm !== undefined && { realm }),
    ...(open !== undefined && { open }),
    ...(scope !== undefined && { scope }),
    ...(interfaces !== undefined && { interface: interfaces }),
    ...(port !== undefined && { port }),
    ...(hops !== undefined && { hops }),
    ...(listen !== undefined && { listen }),
    ...(multicast !== undefined && { multicast }),
    ...(bridge !== undefined && { bridge }),
    ...(links !== undefined && { links }),
    ...(nats !== undefined && { nats }),
    ...(natsCredentials !== undefined && { natsCredentials }),
    ...(metrics !== undefined && { metrics }),
    ...(token !== undefined && { dashboard: token }),
    ...(origins !== undefined && { origins }),
    limits,
    log,
    signal: interrupt.signal,
  }
}

/** A control key, or a realm's whole key. */
async function keyOf(
  name: string,
  realm: string | undefined,
  secrets: RelaySecrets,
): Promise<string> {
  const { text: found, source } = await secrets.named(name)
  // Both say what is wrong, and where.
  if (!isControlKey(found)) parseKey(found, source)
  else {
    const { name: of } = parseControlKey(found, source).parts
    if (realm !== undefined && realm !== of) {
      throw new UsageError(`${source} is for the realm "${of}", not for "${realm}" (--realm)`)
    }
  }
  return found
}

/** Whatever is wrong with the files, the relay goes on as it was. */
async function reload(
  running: Relay,
  read: () => Promise<AllSettings>,
  world: World,
): Promise<void> {
  const { log } = world
  const { level } = log
  try {
    const settings = await read()
    log.level = settings['log-level'] ?? DEFAULT_LEVEL
    await running.reload(optionsOf(settings, world))
  } catch (error) {
    log.level = level
    log.error({ reason: (error as Error).message }, 'the relay goes on as it was')
  }
}

/** Links are told to go elsewhere. */
async function end(running: Relay, { log }: World): Promise<void> {
  log.info({ links: running.stats().links }, 'closing')
  await running.close()
}
