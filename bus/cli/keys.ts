/** `sixcast keys`: gives out keys for some topics of a realm, and changes the keys of all. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { guestKeyText } from '../io/guest-key.ts'
import { LOCAL_REALM } from '../io/key-text.ts'
import { createSecretFile, keyFileOf } from '../io/keyfile.ts'
import { guestKeyOf } from '../io/guest-ring.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { keygen } from './keygen.ts'
import { adoptPage, EVERY, rotateKeys } from './keys-epoch.ts'
import { assertName } from './owner.ts'
import { STAY_S } from './rotation.ts'
import { realmKeyNamed } from './secrets.ts'
import { list, oneOf } from './values.ts'

export const keys: Command = {
  usage: 'keys <verb> [file]',
  describe: 'Keys for some topics: keys export; new ones for all: keys rotate, keys adopt',
  repeatable: ['topics'],
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('verb', { type: 'string', describe: 'export, rotate or adopt' })
    .positional('file', {
      type: 'string',
      describe: 'Where to export them [default: standard output]; the page to adopt',
    })
    .option('topics', {
      type: 'string',
      requiresArg: true,
      describe: 'PATTERN that ends in /**; repeatable',
    })
    .option('control', {
      type: 'boolean',
      describe: 'With export: what a relay needs, as by: keygen --control',
    })
    .option('at-once', {
      type: 'boolean',
      describe: 'With rotate: the keys of before count no more, not even for a while',
    })
    .option('every', {
      type: 'string',
      describe: `With rotate: stay, and do it again after so long: 12h, 7d [alone: ${EVERY}]`,
    })
    .option('volume', {
      type: 'string',
      requiresArg: true,
      describe: 'With rotate: stay, and do it again after so many bytes: 500M, 4G',
    })
    .option('stay', {
      type: 'string',
      requiresArg: true,
      describe: `With rotate: SECONDS to bring it to who is there; 0: files alone [default: ${STAY_S}]`,
    })
    .option('json', { type: 'boolean', describe: 'Print a JSON object' })
  return withExamples(options, [
    ["sixcast keys export --realm site --topics 'hall/3/**' guest.key", 'for a guest'],
    ['sixcast keys rotate --realm site', 'new keys for all members'],
    ['sixcast keys adopt --realm site site.page', 'on a host that cannot hear the others'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const verb = oneOf(given['verb'], 'what keys is to do', ['export', 'rotate', 'adopt'])
  if (verb === 'rotate') {
    return rotateKeys({ ...given, ...(given['every'] === '' && { every: EVERY }) }, world)
  }
  return verb === 'adopt' ? adoptPage(given, world) : exportKeys(given, world)
}

async function exportKeys(given: Arguments, world: World): Promise<number> {
  const { settings, output, interrupt } = world
  const { realm = LOCAL_REALM } = settings
  assertName(realm)
  if (settings.open) throw new UsageError('an open realm has no keys to export')
  if (given['control'] === true) {
    if (given['topics'] !== undefined) throw new UsageError('give --topics or --control, not both')
    return keygen.run({ ...given, file: given['file'] ?? '-' }, world)
  }
  if (given['topics'] === undefined) {
    throw new UsageError("say which: --topics 'hall/3/**' for a guest, --control for a relay")
  }
  const patterns = list(given['topics'], 'option --topics')
  const key = await realmKeyNamed(settings.key ?? keyFileOf(realm), interrupt.signal)
  const made = guestKeyText(await guestKeyOf(realm, key, patterns))
  const { file } = given
  if (typeof file !== 'string' || file === '-') {
    await output.write(made)
    return Exit.ok
  }
  if (file === '') throw new UsageError('FILE is empty: give a path, or - for standard output')
  const path = resolve(file)
  if (!(await createSecretFile(path, made))) {
    throw new Failure('EXISTS', `the file ${path} exists: it stays as it is; name another one`)
  }
  if (world.json) await output.object({ type: 'guest-key', realm, path, topics: patterns })
  else await output.write(`${path}\n`)
  return Exit.ok
}
