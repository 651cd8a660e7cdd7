/** `sixcast join`: accepts an invitation to a realm. */
import type { Argv } from 'yargs'
import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import {
  BusError,
  type Identity,
  join as joinByCode,
  type Joined,
  type JoinOptions,
  newIdentity,
} from '../index.ts'
import { patternsFor, type Rights } from '../core/rights.ts'
import { looksLikeCode } from '../io/joining/code.ts'
import {
  identityFile,
  identityFileOf,
  identityName,
  keyName,
  readIdentity,
} from '../io/identity.ts'
import { identityText } from '../io/identity-text.ts'
import {
  type Invitation,
  INVITATION_SIZE_MAX,
  type Membership,
  parseInvitation,
} from '../io/invitation.ts'
import { createSecretFile, isThere, keyFileOf, replaceSecretFile } from '../io/keyfile.ts'
import { withLock } from '../io/lock.ts'
import { ownerFileOf, parseRealmSettings, realmFileOf } from '../io/realm-file.ts'
import { rightsFileOf } from '../io/rights.ts'
import { parseRights, rightsText } from '../io/rights-text.ts'
import { epochOf, pageFileOf } from '../io/epoch-files.ts'
import { parseOpening } from '../io/realm-keys.ts'
import { isSameRealm } from '../io/rights.ts'
import { readSecret, type Secret } from '../io/secret.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { allOfInput, assertInput } from './input.ts'
import { identityNamed, secretNamed } from './secrets.ts'
import { list, seconds } from './values.ts'

export const join: Command = {
  usage: 'join <invitation..>',
  describe: 'Accept an invitation to a realm, or join one by a code',
  repeatable: ['invitation'],
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('invitation', {
      type: 'string',
      array: true,
      describe: 'Its text, a file that holds it, - for standard input, or a code',
    })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'SECONDS to look for who gave the code [default: 30]',
    })
    .option('json', { type: 'boolean', describe: 'Print a JSON object' })
  return withExamples(options, [
    ['sixcast join site.invitation', 'from a file'],
    ['sixcast join 7K3M-Q9TD-… --scope link', 'by the code of: sixcast invite --wait'],
    ['sixcast join -', 'from standard input, so that no other user sees it'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const name = list(given['invitation'], 'INVITATION').join(' ')
  const byCode = looksLikeCode(name)
  if (given['timeout'] !== undefined && !byCode) {
    throw new UsageError('option --timeout is of use only with a code')
  }
  const { realm, rights, identity } = byCode
    ? await enter(name, given, world)
    : await acceptFrom(name, world)
  const until = new Date(rights.notAfter * 1000)
  if (world.json) {
    await world.output.object({ type: 'joined', realm, identity, until: until.toISOString() })
  } else {
    const here = `You are in realm "${realm}" until ${until.toISOString()}.`
    await world.output.write(`${[here, ...usesOf(realm, rights)].join('\n')}\n`)
  }
  return Exit.ok
}

/** Commands that these rights are good for. */
function usesOf(realm: string, rights: Rights): string[] {
  const rules = rights.rules.at(-1) ?? []
  const [heard, said] = [patternsFor('subscribe', rules), patternsFor('publish', rules)]
  const quoted = heard.map((pattern) => `'${pattern}'`).join(' ')
  return [
    ...(heard.length > 0 ? [`Hear:   sixcast sub --realm ${realm} ${quoted}`] : []),
    ...(said.length > 0 ? [`Say:    sixcast pub --realm ${realm} TOPIC (${said.join(', ')})`] : []),
  ]
}

interface Entered {
  readonly realm: string
  readonly rights: Rights
  readonly identity: string
}

async function acceptFrom(name: string, world: World): Promise<Entered> {
  const { text, source } = await found(name, world)
  const invitation = await parseInvitation(text, source)
  const keep = () => keepIdentity(invitation, world)
  const { realm, rights } = invitation
  return { realm, rights, identity: await accept(invitation, keep) }
}

/** The identity is one that is here, or made here: none travels. */
async function enter(code: string, given: Arguments, world: World): Promise<Entered> {
  const { settings, interrupt, log } = world
  if (settings.relay || settings.peers) {
    const option = settings.relay ? '--relay' : '--peer'
    throw new UsageError(`option ${option} is of no use with a code: both meet by multicast`)
  }
  const { scope, port, hops, interface: interfaces } = settings
  const own = await ownIdentity(world)
  const place = {
    scope,
    port,
    hops,
    interface: interfaces,
    name: settings.name ?? hostname().slice(0, 40),
  }
  const joined = await joinByCode(code, {
    ...(Object.fromEntries(
      Object.entries(place).filter(([, value]) => value !== undefined),
    ) as JoinOptions), // as filtered
    identity: own ?? newIdentity(),
    timeout: seconds(given['timeout'] ?? 30, 'option --timeout', { min: 0, max: 86_400 }),
    log,
    signal: interrupt.signal,
  })
  const { realm, key, identity } = joined
  const rights = parseRights(joined.rights, 'what the inviter gives')
  const shared = parseRealmSettings(JSON.stringify(sharedOf(joined)), 'what the inviter gives')
  const keep = async (): Promise<string> => {
    if (!own) await replaceSecretFile(identityFileOf(realm), identityText(identity))
    return identityName(identity)
  }
  return { realm, rights, identity: await accept({ realm, key, rights, settings: shared }, keep) }
}

function sharedOf({ scope, port, groups }: Joined): object {
  return { scope, port, groups }
}

/** The one that --identity names, or the user's own. */
async function ownIdentity({ settings, interrupt }: World): Promise<Identity | undefined> {
  const { identity } = settings
  if (identity !== undefined) return identityNamed(identity, interrupt.signal)
  return (await isThere(identityFile())) ? readIdentity(identityFile()) : undefined
}

async function found(name: string, { interrupt }: World): Promise<Secret> {
  if (name.startsWith('sixcast-invite-')) return { text: name, source: 'the invitation' }
  if (name !== '-') return secretNamed(name, interrupt.signal, 'invitation')
  assertInput()
  const bytes = await allOfInput(interrupt.signal, INVITATION_SIZE_MAX, NO_INVITATION)
  if (!bytes) throw interrupt.signal.reason
  return { text: Buffer.from(bytes).toString(), source: 'standard input' }
}

/** Two at once would mix what they bring. */
function accept(membership: Brought, keep: () => Promise<string>): Promise<string> {
  return withLock(keyFileOf(membership.realm), () => write(membership, keep))
}

type Brought = Omit<Membership, 'owner'>

/** Writes everything, the key last: with it the realm is there. Returns the member's identity. */
async function write(
  { realm, key: text, rights, settings }: Brought,
  keep: () => Promise<string>,
): Promise<string> {
  await assertNotOwned(realm)
  const known = await isThere(keyFileOf(realm))
  const isNews = known && (await assertSame(realm, text))
  const identity = await keep()
  // Without its key a page is of no use: it is of an earlier realm, and its epochs are not to count.
  if (!known) await rm(pageFileOf(realm), { force: true })
  await replaceSecretFile(rightsFileOf(realm), rightsText(rights.bytes))
  await replaceSecretFile(realmFileOf(realm), `${JSON.stringify(settings)}\n`)
  if (isNews) await replaceSecretFile(keyFileOf(realm), text)
  if (!known) await createSecretFile(keyFileOf(realm), text)
  return identity
}

/** An owner's rights and identity are not to be replaced by what it gives to somebody else. */
async function assertNotOwned(realm: string): Promise<void> {
  const path = ownerFileOf(realm)
  if (!(await isThere(path))) return
  const mend = 'accept the invitation where the newcomer is, or under another XDG_CONFIG_HOME'
  throw new Failure('EXISTS', `the realm "${realm}" is your own (${path}): ${mend}`)
}

/**
 * Whoever is in the realm may accept another invitation to it, with other rights; whether it brings
 * the key of a newer epoch.
 */
async function assertSame(realm: string, text: string): Promise<boolean> {
  const path = keyFileOf(realm)
  const before = await readSecret(path)
  const [here, other] = [before.text, text].map((one) => {
    return parseOpening(one, { source: path, realm })
  })
  const isKind = (here?.ring === undefined) === (other?.ring === undefined)
  if (here && other && isKind && (await isSameRealm(here, other, realm))) {
    return epochOf(text, realm) > epochOf(before.text, realm)
  }
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

const NO_INVITATION = 'an invitation is one line, as `sixcast invite` prints it'
