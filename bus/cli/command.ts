/** What a command is, and what it is given to work with. */
import type { Argv } from 'yargs'
import { type Bus, connect, type ConnectOptions, type Logger } from '../index.ts'
import { LOCAL_REALM } from '../io/key-text.ts'
import { parseOpening } from '../io/realm-keys.ts'
import type { Interrupt } from './interrupt.ts'
import { UsageError } from './exit.ts'
import { DEFAULT_LEVEL, logger } from './log.ts'
import type { Output } from './output.ts'
import { identityNamed, secretNamed } from './secrets.ts'
import type { Settings } from './settings.ts'

/** The command's arguments as the parser found them, not yet checked. */
export type Arguments = Readonly<Record<string, unknown>>

export interface Command {
  /** Its name and its positional arguments, in the parser's notation. */
  readonly usage: string
  /** False: not shown in the help. */
  readonly describe: string | false
  /** What of it may be given several times, besides what may be of any command. */
  readonly repeatable?: readonly string[]
  build(parser: Argv): Argv
  /** Resolves to the exit code. */
  run(given: Arguments, world: World): Promise<number>
}

/** Shows examples at the end of a command's help, each in one line, so that it can be copied. */
export function withExamples(
  parser: Argv,
  examples: readonly (readonly [line: string, what: string])[],
): Argv {
  const lines = examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`])
  return parser.epilogue(['Examples:', ...lines].join('\n'))
}

/** Everything outside of the command. */
export class World {
  readonly output: Output
  readonly interrupt: Interrupt
  /** Aborts when the command is to end: by a signal, or since nobody reads what it prints. */
  readonly over: AbortSignal
  readonly settings: Partial<Settings>
  readonly json: boolean
  /** Its level may change. */
  readonly log: Logger & { level: string }

  constructor(parts: {
    readonly output: Output
    readonly interrupt: Interrupt
    readonly settings: Partial<Settings>
    readonly json: boolean
  }) {
    this.output = parts.output
    this.interrupt = parts.interrupt
    this.over = AbortSignal.any([parts.interrupt.signal, parts.output.gone])
    this.settings = parts.settings
    this.json = parts.json
    this.log = logger(this.settings['log-level'] ?? DEFAULT_LEVEL, this.json)
  }

  /** Opens the bus that the settings describe, with what the command adds. */
  async connect(added: Pick<ConnectOptions, 'rate' | 'tags'> = {}): Promise<Bus> {
    const { 'log-level': _level, key, identity, rights, ...shared } = this.settings
    const { 'unicast-port': unicastPort, 'key-log': keyLog, ...plain } = shared
    const { signal } = this.interrupt
    const isNamed = plain.peers !== undefined || unicastPort !== undefined
    // With no scope it is that of the realm; on this host alone a hub will do.
    const isWider = plain.scope !== undefined && plain.scope !== 'host'
    if (plain.multicast === false && plain.relay === undefined && !isNamed && isWider) {
      const mend = 'name one, as in: --relay wss://relay.example.org, or a --peer'
      throw new UsageError(`without multicast (--no-multicast) a relay is needed: ${mend}`)
    }
    const root = key === undefined ? {} : { key: await this.#keyText(key) }
    const self = identity === undefined ? {} : { identity: await identityNamed(identity, signal) }
    const may =
      rights === undefined ? {} : { rights: (await secretNamed(rights, signal, 'rights')).text }
    const port = unicastPort === undefined ? {} : { unicastPort }
    const keys = keyLog === undefined ? {} : { keyLog }
    return connect({
      ...plain,
      ...port,
      ...keys,
      ...root,
      ...self,
      ...may,
      ...added,
      log: this.log,
      signal,
    })
  }

  /** Looked at here, where it is known where it came from. */
  async #keyText(name: string): Promise<string> {
    const { text, source } = await secretNamed(name, this.interrupt.signal)
    parseOpening(text, { source, realm: this.settings.realm ?? LOCAL_REALM })
    return text
  }
}
