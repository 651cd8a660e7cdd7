/** `sixcast keygen`: makes the key of a realm. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { createKeyFile, keyFileOf, keyText, LOCAL_REALM, newKey } from '../io/keyfile.ts'
import type { Arguments, Command, World } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'

export const keygen: Command = {
  usage: 'keygen [file]',
  describe: 'Make the key of a realm; who has it reads and writes there',
  build,
  run,
}

function build(parser: Argv): Argv {
  return parser
    .positional('file', {
      type: 'string',
      describe: "Where to write it; - is standard output [default: the realm's own place]",
    })
    .option('json', { type: 'boolean', describe: 'Print the path as a JSON object' })
    .example('sixcast keygen --realm garage', 'make the key of the realm "garage"')
    .example('sixcast keygen - | pass insert -m garage', 'keep it in a store of your own')
}

async function run(given: Arguments, world: World): Promise<number> {
  const { settings, output } = world
  const { realm = LOCAL_REALM } = settings
  if (!/^[\w.-]{1,64}$/.test(realm)) {
    const mend = '1 to 64 letters, digits, ".", "-" or "_"'
    throw new UsageError(`option --realm is ${JSON.stringify(realm)}: ${mend}`)
  }
  const { file } = given
  if (file === '-') {
    await output.write(keyText(newKey()))
    return Exit.ok
  }
  if (file === '') throw new UsageError('FILE is empty: give a path, or - for standard output')
  const path = typeof file === 'string' ? resolve(file) : keyFileOf(realm)
  if (!(await createKeyFile(path, newKey()))) {
    const mend = 'it stays as it is; remove it first if nobody uses it any more'
    throw new Failure('EXISTS', `the key file ${path} exists: ${mend}`)
  }
  if (world.json) await output.object({ type: 'key', realm, path })
  else await output.write(advice(path, realm))
  return Exit.ok
}

function advice(path: string, realm: string): string {
  const own = keyFileOf(realm)
  const use = path === own ? `--realm ${realm}` : `--realm ${realm} --key ${path}`
  const secret = 'Who has the file can read and write in the realm: send it only where it is safe.'
  const copied = `There --realm ${realm} finds it.`
  return [
    path,
    '',
    `Use it:  sixcast sub ${use} '**'`,
    `Copy it: ${copyLine(path, realm)}`,
    `         ${copied}`,
    secret,
    '',
  ].join('\n')
}

/** One line that takes the key to its usual place on another host, for its owner alone. */
function copyLine(path: string, realm: string): string {
  const folder = '.config/sixcast/realms'
  const there = `umask 077; mkdir -p ${folder}; cat > ${folder}/${realm}.key`
  return `ssh HOST '${there}' < ${/^[\w./-]+$/.test(path) ? path : `'${path}'`}`
}
