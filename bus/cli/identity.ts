/** `sixcast identity`: shows the user's identity, and makes it when there is none. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { newIdentity } from '../io/ed25519.ts'
import {
  createIdentityFile,
  identityFile,
  identityFileOf,
  identityName,
  realmsWithIdentity,
} from '../io/identity.ts'
import { isThere } from '../io/keyfile.ts'
import { isPath } from '../io/secret.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit } from './exit.ts'
import { note } from './log.ts'
import { assertName } from './owner.ts'
import { identityNamed } from './secrets.ts'
import { shown } from './shown.ts'

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
    ['sixcast identity --realm site', 'the one that you have there, if it has its own'],
    ['sixcast identity --identity door.identity', 'one for a single program'],
  ])
}

async function run(_given: Arguments, world: World): Promise<number> {
  const { settings, interrupt, output } = world
  const chosen = settings.identity ?? (await ownFile(settings.realm))
  const path = isPath(chosen) ? resolve(chosen) : chosen
  const made = isPath(chosen) && !(await isThere(path)) && (await make(path))
  const found = identityName(await identityNamed(path, interrupt.signal))
  if (world.json) await output.object({ type: 'identity', identity: found, path, made })
  else await output.write(`${found}\n${made ? advice(path) : ''}`)
  if (settings.identity === undefined && path === identityFile()) await tellOthers()
  return Exit.ok
}

/** The realm's own, which comes before the user's there; else the user's. */
async function ownFile(realm: string | undefined): Promise<string> {
  if (realm === undefined) return identityFile()
  assertName(realm)
  const path = identityFileOf(realm)
  return (await isThere(path)) ? path : identityFile()
}

/** Realms whose own identity is used there, whatever the user's is. */
async function tellOthers(): Promise<void> {
  const realms = await realmsWithIdentity()
  if (realms.length === 0) return
  const names = realms.map((realm) => `"${shown(realm)}"`).join(', ')
  const where = realms.length === 1 ? `in realm ${names}` : `in the realms ${names}`
  note(`${where} you are somebody else: sixcast identity --realm ${shown(realms[0]!)}`)
}

function make(path: string): Promise<boolean> {
  return createIdentityFile(path, newIdentity())
}

function advice(path: string): string {
  const use = path === identityFile() ? 'Your programs have it from now on.' : ''
  return `\nMade in ${path}. ${use}\nWho has the file can pass as you: it stays on this host.\n`
}
