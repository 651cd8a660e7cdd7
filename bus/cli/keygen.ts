/** `sixcast keygen`: makes the key of a realm. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { controlParts } from '../core/seal/keys.ts'
import { controlKeyText, isControlKey, parseControlKey } from '../io/control-key.ts'
import { hex } from '../io/digits.ts'
import { keyText, LOCAL_REALM } from '../io/key-text.ts'
import {
  controlFileOf,
  createSecretFile,
  keyFileOf,
  newKey,
  readKeyText,
  realmKey,
  replaceSecretFile,
} from '../io/keyfile.ts'
import { realmOptions } from '../io/realm-keys.ts'
import { nodeEnv } from '../io/system.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { assertName } from './owner.ts'
import { realmKeyNamed } from './secrets.ts'

export const keygen: Command = {
  usage: 'keygen [file]',
  describe: 'Make the key of a realm; who has it reads and writes there',
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('file', {
      type: 'string',
      describe: "Where to write it; - is standard output [default: the realm's own place]",
    })
    .option('control', {
      type: 'boolean',
      describe: 'Write the control key of the realm instead, which is all that a relay needs',
    })
    .option('json', { type: 'boolean', describe: 'Print the path as a JSON object' })
  return withExamples(options, [
    ['sixcast keygen --realm garage', 'make the key of the realm "garage"'],
    ['sixcast keygen --realm garage --control', 'make the key for its relays'],
    ['sixcast keygen - | pass insert -m garage', 'keep it in a store of your own'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const { settings, output } = world
  const { realm = LOCAL_REALM } = settings
  assertName(realm, 'option --realm')
  const control = given['control'] === true
  const made = control ? await controlText(realm, world) : keyText(newKey())
  const { file } = given
  if (file === '-') {
    await output.write(made)
    return Exit.ok
  }
  if (file === '') throw new UsageError('FILE is empty: give a path, or - for standard output')
  const own = control ? controlFileOf(realm) : keyFileOf(realm)
  const path = typeof file === 'string' ? resolve(file) : own
  if (!(await createSecretFile(path, made)) && !(control && (await renewed(path, made)))) {
    const mend = 'it stays as it is; remove it first if nobody uses it any more'
    throw new Failure('EXISTS', `the key file ${path} exists: ${mend}`)
  }
  if (world.json) await output.object({ type: control ? 'control-key' : 'key', realm, path })
  else await output.write(control ? relayAdvice(path, realm) : advice(path, realm))
  return Exit.ok
}

/** The part of the realm's key that a relay needs. */
async function controlText(realm: string, { settings, interrupt }: World): Promise<string> {
  const { key, open } = settings
  if (open) throw new UsageError('option --control is of no use here: an open realm has no key')
  const { signal } = interrupt
  const keys = await (key === undefined ? realmKey(realm, signal) : realmKeyNamed(key, signal))
  const { crypto } = await nodeEnv()
  const parts = controlParts(crypto, realmOptions(realm, keys))
  return controlKeyText({ parts, owner: keys.owner })
}

/** Puts a control key in the place of one of the same realm that is older, or names no owner yet. */
async function renewed(path: string, made: string): Promise<boolean> {
  const found = await readKeyText(path)
  if (!isControlKey(found)) return false
  const before = parseControlKey(found, path)
  const next = parseControlKey(made, path)
  const [old, now] = [before.parts, next.parts]
  const same = hex(old.id) === hex(now.id)
  const fuller = old.epoch === now.epoch && !before.owner && next.owner !== undefined
  if (!same || !(old.epoch < now.epoch || fuller)) return false
  await replaceSecretFile(path, made)
  return true
}

function relayAdvice(path: string, realm: string): string {
  const use = path === controlFileOf(realm) ? `--realm ${realm}` : `--key ${path}`
  return [
    path,
    '',
    `Use it:  sixcast relay ${use} --scope link --listen :62278`,
    `Copy it: ${copyLine(path, `${realm}.control`)}`,
    `         There --realm ${realm} finds it.`,
    'Who has the file can run a relay and see who is there, but read no name of a topic and no value.',
    '',
  ].join('\n')
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
    `Copy it: ${copyLine(path, `${realm}.key`)}`,
    `         ${copied}`,
    secret,
    '',
  ].join('\n')
}

/** One line that takes the key to its usual place on another host, for its owner alone. */
function copyLine(path: string, name: string): string {
  const folder = '.config/sixcast/realms'
  const there = `umask 077; mkdir -p ${folder}; cat > ${folder}/${name}`
  return `ssh HOST '${there}' < ${/^[\w./-]+$/.test(path) ? path : `'${path}'`}`
}
