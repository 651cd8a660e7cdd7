/** `sixcast init`: makes a realm whose owner decides who may do what. */
import type { Argv } from 'yargs'
import type { Identity } from '../index.ts'
import { newIdentity } from '../io/ed25519.ts'
import { newRealm } from '../io/grants.ts'
import { identityFile, identityFileOf, identityName, readIdentity } from '../io/identity.ts'
import { identityText } from '../io/identity-text.ts'
import { LOCAL_REALM, parseKey } from '../io/key-text.ts'
import { pageFileOf } from '../io/epoch-files.ts'
import { controlFileOf, createSecretFile, isThere, keyFileOf } from '../io/keyfile.ts'
import { withLock } from '../io/lock.ts'
import { ownerFileOf, realmFileOf } from '../io/realm-file.ts'
import { addMember, registerOf } from '../io/register.ts'
import { rightsFileOf } from '../io/rights.ts'
import { parseRights } from '../io/rights-text.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { assertName, granted } from './owner.ts'
import { identityNamed } from './secrets.ts'

export const init: Command = {
  // Not `name`: that is the peer's, an option of every command.
  usage: 'init <new-realm>',
  describe: 'Make a realm of your own, into which you invite others',
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('new-realm', { type: 'string', describe: 'Name of the realm' })
    .option('json', { type: 'boolean', describe: 'Print a JSON object' })
  return withExamples(options, [
    ['sixcast init site --scope link', 'a realm for the hosts of this network'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const { settings, output } = world
  const name = String(given['new-realm'])
  assertName(name)
  if (name.toLowerCase() === LOCAL_REALM) {
    const mend = 'choose another name, so that commands that name no realm stay on this host'
    throw new UsageError(`the realm "${name}" is each user's own: ${mend}`)
  }
  if (settings.open || settings.key !== undefined) {
    throw new UsageError('init makes the key of the realm: --key and --open are of no use here')
  }
  const identity = await withLock(keyFileOf(name), async () => {
    await assertNew(name)
    return make(name, world)
  })
  const paths = { key: keyFileOf(name), owner: ownerFileOf(name) }
  if (world.json) await output.object({ type: 'realm', realm: name, identity, ...paths })
  else await output.write(advice(name, paths.owner))
  return Exit.ok
}

/** What an earlier realm of the name has left would count in the new one. */
async function assertNew(realm: string): Promise<void> {
  for (const path of [keyFileOf(realm), ownerFileOf(realm)]) {
    if (!(await isThere(path))) continue
    throw new Failure('EXISTS', `realm "${realm}" is here already (${path}): choose another name`)
  }
  const kept = [identityFileOf, rightsFileOf, realmFileOf, registerOf, pageFileOf, controlFileOf]
  const left: string[] = []
  for (const pathOf of kept) if (await isThere(pathOf(realm))) left.push(pathOf(realm))
  if (left.length === 0) return
  const fault = `files of an earlier realm "${realm}" are here: ${left.join(', ')}`
  throw new Failure('EXISTS', `${fault}; move them away, or choose another name`)
}

/** Writes everything, the key last: with it the realm is there. */
async function make(realm: string, world: World): Promise<string> {
  const { scope, port } = world.settings
  const made = newRealm(realm)
  const key = parseKey(made.key, 'the new key')
  const self = await ownIdentity(realm, world)
  const to = identityName(self)
  const owned = { realm, key: { ...key, owner: key.owner! }, owner: made.owner } // it has just been made
  const until = new Date(Date.now() + TEN_YEARS_MS)
  const all = ['**']
  const may = { publish: all, subscribe: all, expose: all, write: all }
  const rights = await granted(owned, { to, until, ...may })
  const shared = { ...(scope && { scope }), ...(port !== undefined && { port }) }
  await createSecretFile(ownerFileOf(realm), identityText(made.owner))
  await createSecretFile(rightsFileOf(realm), rights)
  await createSecretFile(realmFileOf(realm), `${JSON.stringify(shared)}\n`)
  await addMember(realm, { name: 'owner', rights: parseRights(rights, 'the new rights') })
  await createSecretFile(keyFileOf(realm), made.key)
  return to
}

/** The user's, if there is one, else one for this realm alone. */
async function ownIdentity(realm: string, { settings, interrupt }: World): Promise<Identity> {
  const { signal } = interrupt
  if (settings.identity !== undefined) return identityNamed(settings.identity, signal)
  if (await isThere(identityFile())) return readIdentity(identityFile(), signal)
  const identity = newIdentity()
  await createSecretFile(identityFileOf(realm), identityText(identity))
  return identity
}

function advice(realm: string, owner: string): string {
  return [
    `Realm "${realm}" is yours.`,
    '',
    `Use it:    sixcast sub --realm ${realm} '**'`,
    `Invite:    sixcast invite --realm ${realm}`,
    `Members:   sixcast members --realm ${realm}`,
    `Keep safe: ${owner}`,
    '           Who has this file can invite anybody; no other host needs it.',
    '',
  ].join('\n')
}

const TEN_YEARS_MS = 3650 * 86_400_000
