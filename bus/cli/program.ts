/** The command line as a whole: the commands, the options they share, and how they end. */
import { createRequire } from 'node:module'
import yargs, { type Argv } from 'yargs'
import { PROOFS } from '../core/publication.ts'
import { type Arguments, type Command, World } from './command.ts'
import { COMMANDS, mayRepeat } from './commands.ts'
import { demoPeer } from './demo-peer.ts'
import { Exit, exitCodeOf, Failure, UsageError } from './exit.ts'
import { Interrupt } from './interrupt.ts'
import { reportError } from './log.ts'
import { Output } from './output.ts'
import { inWords } from './unknown.ts'
import { flagOf, LOG_LEVELS, SCOPE_NAMES, SETTING_NAMES, settingsOf } from './settings.ts'
import { flag } from './values.ts'
import { unknownVariables } from './variables.ts'

/** Runs the words of the command line; resolves to the exit code when all output has left. */
export async function run(words: readonly string[]): Promise<number> {
  const output = new Output(process.stdout)
  process.stderr.on('error', () => undefined) // nobody is left to tell
  const interrupt = new Interrupt()
  let code: number = Exit.ok
  try {
    const program = programOf(words, async (command, given) => {
      code = await runCommand(command, given, { output, interrupt })
    })
    await program.parseAsync()
    await output.flush(interrupt.signal)
    if (output.fault) throw new Failure('OUTPUT', `standard output: ${output.fault.message}`)
    return code
  } catch (error) {
    await output.flush(interrupt.signal)
    const debug = words.join(' ').match(/--log-level[= ]debug/) !== null
    const stack = debug || process.env['SIXCAST_LOG_LEVEL'] === 'debug'
    const command = COMMANDS.map(({ usage }) => nameOf(usage)).find((name) => name === words[0])
    reportError(error, { json: words.includes('--json'), stack, command })
    return exitCodeOf(error)
  }
}

async function runCommand(
  command: Command,
  found: Arguments,
  outside: { readonly output: Output; readonly interrupt: Interrupt },
): Promise<number> {
  const given = unprotected(found)
  for (const [name, value] of Object.entries(given)) {
    if (!Array.isArray(value) || mayRepeat(command, name)) continue
    throw new UsageError(`option --${name} is given ${value.length} times: give it once`)
  }
  const settings = await settingsOf(given, process.env)
  const { interrupt, output } = outside
  const json = given['json'] === true
  const world = new World({ ...outside, settings, json })
  // The processes of the demo are given what is good by the first one.
  if (command !== demoPeer) {
    for (const warning of unknownVariables(process.env, settings)) world.log.warn({}, warning)
  }
  interrupt.listen()
  try {
    return await command.run(given, world)
  } catch (error) {
    if (interrupt.code !== undefined && error === interrupt.signal.reason) return interrupt.code
    if (error === output.gone.reason) return Exit.ok
    throw error
  }
}

function programOf(
  words: readonly string[],
  runs: (command: Command, given: Arguments) => Promise<void>,
): Argv {
  const { version } = createRequire(import.meta.url)('sixcast/package.json') as { version: string }
  const usages = COMMANDS.filter(({ describe }) => describe !== false).map(({ usage }) => usage)
  usages.push('completion') // the parser's own
  const program = yargs(protectedWords(words))
    .scriptName('sixcast')
    .usage('$0 COMMAND\n\nMessages between programs by IPv6 multicast, without a broker.')
    .locale('en')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      const text = (message ?? 'this is no command').replaceAll(/\s+/g, ' ').replaceAll(MARK, '')
      throw error ?? new UsageError(inWords(text, { words, options: optionsOf(program), usages }))
    })
    .strict()
    .recommendCommands()
    .updateStrings(WORDING)
    .demandCommand(1, 1, 'name a command, as in: sixcast demo')
    .version(version)
    .help()
    .alias('help', 'h')
    .completion('completion', 'Print a script that completes commands and options in the shell')
    .wrap(Math.min(100, process.stdout.columns ?? 100))
  withSettings(program)
  for (const command of COMMANDS) {
    // The types know one or the other, not both in one call.
    const describe = command.describe as string
    program.command(
      command.usage,
      describe,
      (parser) => command.build(parser),
      (given) => runs(command, given),
    )
  }
  return program
}

/** What the parser knows at this moment: the shared options and those of the command in hand. */
function optionsOf(program: Argv): readonly string[] {
  return Object.keys(parserOptions(program).key)
}

/** The parser has them for its plugins, and the types leave them out. */
function parserOptions(parser: Argv): ParserOptions {
  return (parser as unknown as { getOptions(): ParserOptions }).getOptions()
}

interface ParserOptions {
  readonly key: object
  readonly boolean: readonly string[]
}

/** The options of every command. No defaults here: that a flag is absent must show. */
export function withSettings(program: Argv): void {
  const value = { type: 'string', requiresArg: true, global: true } as const
  program
    .option('realm', { ...value, describe: 'Name of the realm [default: local]' })
    .option('key', { ...value, describe: "File of the realm's key [default: the realm's own]" })
    .option('identity', {
      ...value,
      describe: "File of this user's identity [default: the own one, if there is one]",
    })
    .option('rights', {
      ...value,
      describe: "File of your rights in a realm with an owner [default: the realm's own]",
    })
    .option('open', { type: 'boolean', describe: 'No key: everybody reads and writes' })
    .option('scope', {
      ...value,
      choices: SCOPE_NAMES,
      describe: 'How far packets go [default: host]',
    })
    .option('interface', { ...value, describe: 'Name or glob of a network interface; repeatable' })
    .option('relay', {
      ...value,
      describe:
        'Relay at this URL, ws: or wss:, for those whom multicast does not reach; repeatable',
    })
    .option('multicast', {
      type: 'boolean',
      describe: 'Go by multicast; --no-multicast: by relay, unicast or hub alone [default: yes]',
    })
    .option('native', { type: 'boolean', describe: NATIVE })
    .option('peer', {
      ...value,
      describe: 'Reach this peer by unicast, [ADDRESS]:PORT, HOST:PORT or srv:NAME; repeatable',
    })
    .option('unicast-port', { ...value, describe: 'UDP port where unicast comes [default: any]' })
    .option('port', { ...value, describe: 'UDP port [default: 62278]' })
    .option('hops', { ...value, describe: 'Hop limit [default: 0 at host, 1 at link, 16 above]' })
    .option('name', { ...value, describe: 'Name shown to others [default: host and a suffix]' })
    .option('linger', {
      ...value,
      describe: 'SECONDS to wait for receivers at the end [default: 2]',
    })
    .option('proof', {
      ...value,
      choices: PROOFS,
      describe: 'What proves who publishes, here and of others [default: group]',
    })
    .option('key-log', { ...value, describe: 'Append keys of packets to FILE, to read captures' })
    .option('log-level', {
      ...value,
      choices: LOG_LEVELS,
      describe: 'What is logged on standard error [default: warn]',
    })
    .option('config', { ...value, describe: 'Configuration file' })
    .group(
      [...SETTING_NAMES.map(flagOf), 'config'],
      'The bus (also SIXCAST_REALM, SIXCAST_KEY, ...):',
    )
}

/**
 * The parser takes every `--flag=VALUE` but `true` for no, takes quotes off values, loses a lone `-`, and reads words behind `--` as options once
 * it knows that they are positional. A mark that no argument can hold keeps them as they are.
 */
function protectedWords(words: readonly string[]): readonly string[] {
  const completing = words[0] === '--get-yargs-completions'
  const flags = flagsOf(words)
  const end = completing ? -1 : words.indexOf('--')
  const options = end < 0 ? words : words.slice(0, end)
  const literal = end < 0 ? [] : words.slice(end + 1)
  const kept = options.map((word) => {
    if (/^(-$|['"])/.test(word)) return MARK + word
    return completing ? word : plainFlag(word, flags)
  })
  return [...kept, ...literal.map((word) => MARK + word)]
}

/** The options without a value: those of all commands, and of the one that is among the words. */
function flagsOf(words: readonly string[]): ReadonlySet<string> {
  if (!words.some((word) => VALUED.test(word))) return new Set()
  const parser = yargs()
  withSettings(parser)
  for (const command of COMMANDS) {
    if (words.includes(nameOf(command.usage))) command.build(parser)
  }
  return new Set(parserOptions(parser).boolean)
}

/** `--open=yes` as `--open=true`. */
function plainFlag(word: string, flags: ReadonlySet<string>): string {
  const [, name = '', value] = VALUED.exec(word) ?? []
  return flags.has(name) ? `--${name}=${flag(value, `option --${name}`)}` : word
}

function unprotected(found: Arguments): Arguments {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain)
    return typeof value === 'string' && value.startsWith(MARK) ? value.slice(1) : value
  }
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, plain(value)]))
}

function nameOf(usage: string): string {
  return usage.split(' ')[0]!
}

/** The parser's messages in our words. */
const WORDING = {
  'Did you mean %s?': 'there is no such command: did you mean %s?',
  'Not enough non-option arguments: got %s, need at least %s': {
    one: 'an argument is missing: got %s, need at least %s',
    other: 'arguments are missing: got %s, need at least %s',
  },
  'Not enough arguments following: %s': 'option --%s needs a value',
  'Invalid values:': 'a value is not one of the choices:',
} as unknown as Record<string, string> // the types know no plurals, the parser does

const MARK = '\0'
/** An option with its value in one word. */
const VALUED = /^--([a-z-]+)=(.*)$/s
const NATIVE = 'Many datagrams a system call; --no-native: one [default: where it can be]'
