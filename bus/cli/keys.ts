/** `sixcast keys export`: keys for some topics of a realm, for a guest. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { guestKeyText } from '../io/guest-key.ts'
import { createSecretFile, keyFileOf, LOCAL_REALM } from '../io/keyfile.ts'
import { guestKeyOf } from '../io/realm-keys.ts'
import { readRealmKey } from '../io/secret.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { assertName } from './owner.ts'
import { list, oneOf } from './values.ts'

export const keys: Command = {
  usage: 'keys <verb> [file]',
  describe: 'Give out keys for some topics of a realm: keys export',
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('verb', { type: 'string', describe: 'export' })
    .positional('file', {
      type: 'string',
      describe: 'Where to write them [default: standard output]',
    })
    .option('topics', {
      type: 'string',
      requiresArg: true,
      describe: 'PATTERN that ends in /**; repeatable',
    })
    .option('json', { type: 'boolean', describe: 'Print the path as a JSON object' })
  return withExamples(options, [
    ["sixcast keys export --realm site --topics 'hall/3/**' guest.key", 'for a guest'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  oneOf(given['verb'], 'what keys is to do', ['export'])
  const { settings, output, interrupt } = world
  const { realm = LOCAL_REALM } = settings
  assertName(realm)
  if (settings.open) throw new UsageError('an open realm has no keys to export')
  if (given['topics'] === undefined) throw new UsageError("say which: --topics 'hall/3/**'")
  const patterns = list(given['topics'], 'option --topics')
  const key = await readRealmKey(settings.key ?? keyFileOf(realm), interrupt.signal)
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
