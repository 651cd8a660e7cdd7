/** `sixcast invite`: everything that a new member of a realm needs, in one line. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { newIdentity } from '../io/ed25519.ts'
import { identityName } from '../io/identity.ts'
import { invitationText } from '../io/invitation.ts'
import { guestKeyText } from '../io/guest-key.ts'
import { keyText } from '../io/key-text.ts'
import { createSecretFile, keyFileOf } from '../io/keyfile.ts'
import { withLock } from '../io/lock.ts'
import { readRealmFile } from '../io/realm-file.ts'
import { guestKeyOf } from '../io/guest-ring.ts'
import { addMember } from '../io/register.ts'
import { parseRights } from '../io/rights-text.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { assertNotRevoked, granted, newName, type Owned, ownedRealm } from './owner.ts'
import { inviteByCode } from './invite-wait.ts'
import { qrCode } from './qr.ts'
import { text } from './values.ts'
import { after, guestTopics, identityOf, topicsOf, wishesOf } from './wishes.ts'

export const invite: Command = {
  usage: 'invite',
  describe: 'Invite somebody into a realm of yours; prints the invitation',
  repeatable: ['publish', 'subscribe', 'expose', 'write'],
  build,
  run,
}

function build(parser: Argv): Argv {
  const value = { type: 'string', requiresArg: true } as const
  const options = parser
    .option('publish', { ...value, describe: 'PATTERN that they may publish on; repeatable' })
    .option('subscribe', { ...value, describe: 'PATTERN that they may read; repeatable' })
    .option('expose', {
      ...value,
      describe: 'PATTERN of variables that they may offer; repeatable',
    })
    .option('write', { ...value, describe: 'PATTERN of variables that they may set; repeatable' })
    .option('expires', { ...value, describe: 'How long it can be accepted: 90s, 12h, 7d' })
    .option('until', { ...value, describe: 'How long they are members: 12h, 30d' })
    .option('depth', {
      ...value,
      describe: 'How often they may let others in, 0 to 3 [default: 0]',
    })
    .option('for', { ...value, describe: 'Their IDENTITY, as `sixcast identity` shows it' })
    .option('as', { ...value, describe: 'What you call them in `sixcast members`' })
    .option('guest', {
      type: 'boolean',
      describe: 'With keys for those topics alone, which end in /**',
    })
    .option('file', { ...value, describe: 'Write it to FILE instead' })
    .option('qr', { type: 'boolean', describe: 'Print it as a QR code, or with --wait the code' })
    .option('wait', {
      type: 'boolean',
      describe: 'Print a code, and wait here for who joins by it',
    })
    .option('json', { type: 'boolean', describe: 'Print a JSON object' })
  return withExamples(options, [
    ['sixcast invite --realm site', 'somebody who may do everything'],
    ["sixcast invite --realm site --publish 'hall/**' --until 30d", 'a sensor'],
    ['sixcast invite --realm site --wait', 'by a code, for somebody on this network'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const qr = given['qr'] === true
  if (qr && (world.json || given['file'] !== undefined)) {
    throw new UsageError('option --qr is of no use with --json or --file')
  }
  if (given['wait'] === true) return inviteByCode(given, world)
  const { realm } = await ownedRealm(world, BY_CODE)
  // A rotation meanwhile would give the newcomer a key that is over, and none of the new ones.
  const made = await withLock(keyFileOf(realm), () => invited(given, world))
  const { output } = world
  const { invitation, picture, path, ...about } = made
  const kept = path === undefined ? { invitation: invitation.trim() } : { path }
  if (world.json) await output.object({ type: 'invitation', realm, ...about, ...kept })
  else await output.write(picture ?? (path === undefined ? invitation : `${path}\n`))
  return Exit.ok
}

/** A member's key of the epoch is handed on while both are there. */
const BY_CODE = 'a member that may hand its rights on invites by a code: sixcast invite --wait'

interface Made {
  readonly identity: string
  readonly expires: string
  readonly invitation: string
  readonly picture?: string
  readonly path?: string
}

/** Makes the invitation and writes down for whom. */
async function invited(given: Arguments, world: World): Promise<Made> {
  const owned = await ownedRealm(world)
  const asked = given['for'] === undefined ? undefined : identityOf(given['for'])
  const identity = asked === undefined ? newIdentity() : undefined
  const to = asked ?? identityName(identity!) // one of them is there
  const { realm, owner } = owned
  await assertNotRevoked(realm, to)
  const name = given['as'] === undefined ? to.slice(0, 16) : await newName(realm, given['as'], to)
  const rights = await granted(owned, { to, ...wishesOf(given) })
  const expires = after(given['expires'] ?? '1d', 'expires')
  const key = await keyFor(owned, given)
  const parts = {
    realm,
    key,
    owner: owned.key.owner,
    rights: parseRights(rights, 'the new rights'),
    expires,
  }
  const settings = await readRealmFile(realm, world.interrupt.signal)
  const invitation = await invitationText(
    { ...parts, ...(identity && { identity }), settings },
    owner,
  )
  const file =
    given['file'] === undefined ? undefined : resolve(text(given['file'], 'option --file'))
  if (file !== undefined && !(await createSecretFile(file, invitation))) {
    throw new Failure('EXISTS', `the file ${file} exists: it stays as it is; name another one`)
  }
  const qr = given['qr'] === true
  const picture = qr ? await qrCode(invitation.trim(), process.stdout) : undefined
  await addMember(realm, { name, rights: parts.rights, ...guestTopics(given) })
  return {
    identity: to,
    expires: expires.toISOString(),
    invitation,
    ...(picture !== undefined && { picture }),
    ...(file !== undefined && { path: file }),
  }
}

/** The realm's key, or the part of it that opens what a guest may read or publish. */
async function keyFor({ realm, key }: Owned, given: Arguments): Promise<string> {
  if (given['guest'] !== true) return keyText(key.root, key.owner, key)
  return guestKeyText(await guestKeyOf(realm, key, topicsOf(given)))
}
