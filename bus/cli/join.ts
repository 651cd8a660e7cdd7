/** `sixcast join`: accepts an invitation to a realm. */
import type { Argv } from 'yargs'
import { BusError } from '../index.ts'
import {
  identityFile,
  identityFileOf,
  identityName,
  identityText,
  keyName,
  readIdentity,
} from '../io/identity.ts'
import { type Invitation, INVITATION_SIZE_MAX, parseInvitation } from '../io/invitation.ts'
import { createSecretFile, isThere, keyFileOf, replaceSecretFile } from '../io/keyfile.ts'
import { realmFileOf } from '../io/realm-file.ts'
import { rightsFileOf, rightsText } from '../io/rights.ts'
import { readSecret, type Secret } from '../io/secret.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure } from './exit.ts'
import { allOfInput, assertInput } from './input.ts'

export const join: Command = {
  usage: 'join <invitation>',
  describe: 'Accept an invitation to a realm',
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('invitation', {
      type: 'string',
      describe: 'Its text, a file that holds it, or - for standard input',
    })
    .option('json', { type: 'boolean', describe: 'Print a JSON object' })
  return withExamples(options, [
    ['sixcast join site.invitation', 'from a file'],
    ['sixcast join -', 'from standard input, so that no other user sees it'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const { text, source } = await found(String(given['invitation']), world)
  const invitation = await parseInvitation(text, source)
  const identity = await accept(invitation, world)
  const { realm } = invitation
  const until = new Date(invitation.rights.notAfter * 1000)
  if (world.json) {
    await world.output.object({ type: 'joined', realm, identity, until: until.toISOString() })
  } else {
    const use = `Use it: sixcast sub --realm ${realm} '**'`
    await world.output.write(`You are in realm "${realm}" until ${until.toISOString()}.\n${use}\n`)
  }
  return Exit.ok
}

async function found(name: string, { interrupt }: World): Promise<Secret> {
  if (name.startsWith('sixcast-invite-')) return { text: name, source: 'the invitation' }
  if (name !== '-') return readSecret(name, interrupt.signal, 'invitation')
  assertInput()
  const bytes = await allOfInput(interrupt.signal, INVITATION_SIZE_MAX)
  if (!bytes) throw interrupt.signal.reason
  return { text: Buffer.from(bytes).toString(), source: 'standard input' }
}

/** Writes everything, the key last: with it the realm is there. Returns the member's identity. */
async function accept(invitation: Invitation, world: World): Promise<string> {
  const { realm, key: text, rights, settings } = invitation
  const known = await isThere(keyFileOf(realm))
  if (known) await assertSame(realm, text)
  const identity = await keepIdentity(invitation, world)
  await replaceSecretFile(rightsFileOf(realm), rightsText(rights.bytes))
  await replaceSecretFile(realmFileOf(realm), `${JSON.stringify(settings)}\n`)
  if (!known) await createSecretFile(keyFileOf(realm), text)
  return identity
}

/** Whoever is in the realm may accept another invitation to it, with other rights. */
async function assertSame(realm: string, text: string): Promise<void> {
  const path = keyFileOf(realm)
  const before = await readSecret(path)
  if (before.text.trim() === text.trim()) return
  const mend = 'move that file away, or ask for a realm of another name'
  throw new Failure('EXISTS', `another realm "${realm}" is here (${path}): ${mend}`)
}

/** The identity that the rights are for: one that came along, or one that is here. */
async function keepIdentity(invitation: Invitation, { settings }: World): Promise<string> {
  const { realm, identity, rights } = invitation
  const own = identityFileOf(realm)
  if (identity) {
    await replaceSecretFile(own, identityText(identity))
    return identityName(identity)
  }
  const holder = keyName(rights.holder)
  const chosen = settings.identity === undefined ? [own, identityFile()] : [settings.identity]
  for (const path of chosen) {
    if (settings.identity === undefined && !(await isThere(path))) continue
    if (identityName(await readIdentity(path)) === holder) return holder
  }
  const mend = 'join on the host that has it, or name its file by --identity'
  throw new BusError('DENIED', `the invitation is for the identity ${holder}: ${mend}`)
}
