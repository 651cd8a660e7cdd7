/** `sixcast identity`: shows the user's identity, and makes it when there is none. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { newIdentity } from '../io/ed25519.ts'
import { createIdentityFile, identityFile, identityName } from '../io/identity.ts'
import { isThere } from '../io/keyfile.ts'
import { isPath } from '../io/secret.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit } from './exit.ts'
import { identityNamed } from './secrets.ts'

export const identity: Command = {
  usage: 'identity',
  describe: 'Show your identity, which others know you by; makes it the first time',
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = parser.option('json', { type: 'boolean', describe: 'Print a JSON object' })
  return withExamples(options, [
    ['sixcast identity', 'the public key that others see in `peers`'],
    ['sixcast identity --identity door.identity', 'one for a single program'],
  ])
}

async function run(_given: Arguments, world: World): Promise<number> {
  const { settings, interrupt, output } = world
  const chosen = settings.identity ?? identityFile()
  const path = isPath(chosen) ? resolve(chosen) : chosen
  const made = isPath(chosen) && !(await isThere(path)) && (await make(path))
  const found = identityName(await identityNamed(path, interrupt.signal))
  if (world.json) await output.object({ type: 'identity', identity: found, path, made })
  else await output.write(`${found}\n${made ? advice(path) : ''}`)
  return Exit.ok
}

function make(path: string): Promise<boolean> {
  return createIdentityFile(path, newIdentity())
}

function advice(path: string): string {
  const use = path === identityFile() ? 'Your programs have it from now on.' : ''
  return `\nMade in ${path}. ${use}\nWho has the file can pass as you: it stays on this host.\n`
}
