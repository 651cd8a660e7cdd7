/** `sixcast relay`: carries a realm past multicast's reach. */
import type { Argv } from 'yargs'
import type { Relay, RelayOptions } from '../../relay/index.ts'
import { CONNECT } from '../api/option-rules.ts'
import { isControlKey, parseControlKey } from '../io/control-key.ts'
import { parseKey } from '../io/key-text.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { aborted } from './interrupt.ts'
import { secretNamed } from './secrets.ts'
import { flag, list, text, whole } from './values.ts'

export const relay: Command = {
  usage: 'relay',
  describe: 'Run a relay: peers whom no multicast reaches come to it by WebSocket',
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
    .option('metrics', { type: 'boolean', describe: 'Tell counters at /metrics to whoever asks' })
    .option('links', { ...value, describe: 'Links at once at most [default: 1000]' })
    .option('origin', { ...value, describe: 'Web origin whose pages may call; repeatable' })
    .option('json', { type: 'boolean', describe: 'Print the address as a JSON object' })
  return withExamples(options, [
    ['sixcast relay --realm site --scope link --listen :62278', 'let others in'],
    ['sixcast relay --key site.control --scope link', 'without the key to read'],
    ['sixcast relay --realm site --scope link --link wss://relay.example', 'join two sites'],
    ['sixcast relay --no-multicast', 'join peers that only have the relay'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const { interrupt, output, json } = world
  const options = await optionsOf(given, world)
  // The other commands start the faster without it.
  const { serve } = await import('../../relay/index.ts')
  await using running = await serve(options)
  interrupt.onHangup(() => void reload(running, world))
  const url = running.url ?? ''
  if (json) await output.object({ type: 'relay', url })
  else await output.write(`${url}\n`)
  // Who has read the address may go: a relay is there for others.
  await aborted(interrupt.signal)
  await end(running, world)
  return Exit.ok
}

async function optionsOf(given: Arguments, world: World): Promise<RelayOptions> {
  const { key, realm, open, scope, interface: interfaces, port, hops, multicast } = world.settings
  for (const name of ['relay', 'identity', 'rights', 'name', 'linger']) {
    if (given[name] !== undefined) throw new UsageError(`option --${name} is of no use here`)
  }
  const { listen, bridge, link, metrics, links, origin } = given
  const bounds = { min: 1, max: 1_000_000 }
  return {
    ...(key !== undefined && { key: () => keyOf(key, world) }),
    ...(realm !== undefined && { realm }),
    ...(open !== undefined && { open }),
    ...(scope !== undefined && { scope }),
    ...(interfaces !== undefined && { interface: interfaces }),
    ...(port !== undefined && { port }),
    ...(hops !== undefined && { hops }),
    ...(listen !== undefined && { listen: address(listen) }),
    ...(multicast !== undefined && { multicast }),
    ...(bridge !== undefined && { bridge: flag(bridge, 'option --bridge') }),
    ...(link !== undefined && { links: others(link) }),
    ...(metrics !== undefined && { metrics: flag(metrics, 'option --metrics') }),
    ...(links !== undefined && { limits: { links: whole(links, 'option --links', bounds) } }),
    ...(origin !== undefined && { origins: list(origin, 'option --origin') }),
    log: world.log,
    signal: world.interrupt.signal,
  }
}

/** A control key, or a realm's whole key. */
async function keyOf(name: string, { settings, interrupt }: World): Promise<string> {
  const { text: found, source } = await secretNamed(name, interrupt.signal)
  // Both say what is wrong, and where.
  if (!isControlKey(found)) parseKey(found, source)
  else {
    const { realm } = settings
    const { name: of } = parseControlKey(found, source).parts
    if (realm !== undefined && realm !== of) {
      throw new UsageError(`${source} is for the realm "${of}", not for "${realm}" (--realm)`)
    }
  }
  return found
}

/** As `serve` would refuse it, in the words of flags. */
function address(raw: unknown): string {
  const found = text(raw, 'option --listen')
  const digits = /^(?:\[[\da-f:.%\w]+\]|[\w.-]*):(\d{1,5})$/i.exec(found)?.[1]
  if (digits !== undefined && Number(digits) <= 65_535) return found
  const mend = '[ADDRESS]:PORT or :PORT, as in [::1]:62278'
  throw new UsageError(`option --listen is ${JSON.stringify(found)}: ${mend}`)
}

function others(raw: unknown): readonly string[] {
  const found = list(raw, 'option --link')
  const fault = CONNECT.relay.faultOf(found)
  if (fault) throw new UsageError(`option --link is ${fault.found}: ${fault.mend}`)
  return found
}

/** Whatever is wrong with the files, the relay goes on as it was. */
async function reload(running: Relay, { log }: World): Promise<void> {
  try {
    await running.reload()
  } catch (error) {
    log.error({ reason: (error as Error).message }, 'the control key stays as it was')
  }
}

/** Links are told to go elsewhere. */
async function end(running: Relay, { log }: World): Promise<void> {
  log.info({ links: running.stats().links }, 'closing')
  await running.close()
}
