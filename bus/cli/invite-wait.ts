/** `sixcast invite --wait`: prints a code, and lets in the first who joins by it over the network. */
import { BusError, invite, type Newcomer, type OpenInvitation } from '../index.ts'
import { epochOf } from '../io/epoch-files.ts'
import { isThere, keyFileOf, readKeyText } from '../io/keyfile.ts'
import { ownerFileOf, readRealmFile } from '../io/realm-file.ts'
import { addMember } from '../io/register.ts'
import { parseRights } from '../io/rights-text.ts'
import type { Arguments, World } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { aborted } from './interrupt.ts'
import { note } from './log.ts'
import { assertNotRevoked, isRevoked, type Issuing, issuingRealm, newName } from './owner.ts'
import { qrCode } from './qr.ts'
import { shown } from './shown.ts'
import { guestTopics, identityOf, lifeOfCode, wishesOf } from './wishes.ts'

export async function inviteByCode(given: Arguments, world: World): Promise<number> {
  if (given['file'] !== undefined) throw new UsageError('give --file or --wait, not both')
  const { relay, peers } = world.settings
  if (relay || peers) {
    const option = relay ? '--relay' : '--peer'
    throw new UsageError(`option ${option} is of no use with --wait: both meet by multicast`)
  }
  const issuing = await issuingRealm(world)
  // Else the newcomer alone would be told, when it comes.
  if (given['for'] !== undefined) await assertNotRevoked(issuing.realm, identityOf(given['for']))
  const only = given['for'] === undefined ? undefined : identityOf(given['for'])
  if (given['as'] !== undefined) await newName(issuing.realm, given['as'], only)
  const invitation = await opened(issuing, given, world)
  try {
    await announce(invitation, { issuing, given, world })
    const newcomer = await accepted(invitation, world)
    if (!newcomer) return world.interrupt.code ?? Exit.ok
    await admitted(newcomer, { issuing, given, world })
  } catch (error) {
    await invitation.close()
    throw error
  }
  const { unconfirmed } = await invitation.close()
  if (unconfirmed.length === 0) return Exit.ok
  note('the newcomer has not confirmed that it has got everything: ask it')
  return Exit.timeout
}

async function opened(
  issuing: Issuing,
  given: Arguments,
  { settings, interrupt, log }: World,
): Promise<OpenInvitation> {
  const { scope, port, hops, name, interface: interfaces } = settings
  const shared = await readRealmFile(issuing.realm, interrupt.signal)
  return invite({
    ...shared,
    ...defined({ scope, port, hops, name, interface: interfaces }),
    ...wishesOf(given),
    ...issuing,
    guest: given['guest'] === true,
    expires: lifeOfCode(given),
    ...(given['for'] !== undefined && { only: identityOf(given['for']) }),
    admit: async ({ identity }) => !(await isRevoked(issuing.realm, identity)),
    refused: ({ identity, name: called, reason }) => {
      note(`refused ${identity} ("${called}"): ${REASONS[reason]}`)
    },
    log,
    signal: interrupt.signal,
  })
}

interface Case {
  readonly issuing: Issuing
  readonly given: Arguments
  readonly world: World
}

/** What the newcomer has to type. */
async function announce(
  { code, expires }: OpenInvitation,
  { issuing, given, world }: Case,
): Promise<void> {
  const { realm } = issuing
  const { scope, port } = { ...(await readRealmFile(realm)), ...world.settings }
  const flags = [scope && scope !== 'host' && `--scope ${scope}`, port && `--port ${port}`]
  const command = ['sixcast join', code, ...flags.filter(Boolean)].join(' ')
  if (world.json) {
    const until = expires.toISOString()
    return world.output.object({ type: 'code', realm, code, command, expires: until })
  }
  const picture = given['qr'] === true ? `${await qrCode(code, process.stdout)}\n` : ''
  const where = scope === undefined || scope === 'host' ? 'on this host' : 'on this network'
  const line = `Run ${where}, before ${expires.toISOString()}:\n\n  ${command}\n\n`
  return world.output.write(line, picture)
}

/** Undefined: the command has been interrupted. */
function accepted(invitation: OpenInvitation, world: World): Promise<Newcomer | undefined> {
  return Promise.race([
    invitation.accepted,
    aborted(world.interrupt.signal).then(() => invitation.close().then(() => undefined)),
  ]).catch((error: unknown) => {
    if (world.interrupt.code !== undefined) return undefined
    if (error instanceof BusError && error.code === 'TIMEOUT') {
      throw new BusError('TIMEOUT', `${error.message}: the code is of no use any more`)
    }
    throw error
  })
}

async function admitted({ identity, name, rights }: Newcomer, to: Case): Promise<void> {
  const { given, world } = to
  const { realm } = to.issuing
  const { as } = given
  const called = typeof as === 'string' ? as : await nameOf(realm, { name, identity })
  const granted = parseRights(rights, 'the new rights')
  await addMember(realm, { name: called, rights: granted, ...guestTopics(given) })
  const until = new Date(granted.notAfter * 1000).toISOString()
  if (world.json) {
    await world.output.object({ type: 'admitted', realm, identity, name, until })
  } else {
    await world.output.write(`Let in until ${until}: ${identity} ("${shown(name)}")\n`)
  }
  await tellOver(to.issuing)
}

/** Who waits for long is met by a rotation: what the newcomer was given is of the epoch before. */
async function tellOver({ realm, key }: Issuing): Promise<void> {
  if (!(await isThere(ownerFileOf(realm)))) return
  const now = epochOf(await readKeyText(keyFileOf(realm)), realm)
  if (now <= epochOf(key, realm)) return
  const fault = `the keys of realm "${realm}" have changed meanwhile`
  note(
    `${fault}, and the newcomer has none of epoch ${now}; run: sixcast keys rotate --realm ${realm}`,
  )
}

/** As it calls itself; who has the name of another member has some of its digits behind it. */
async function nameOf(
  realm: string,
  { name, identity }: Pick<Newcomer, 'name' | 'identity'>,
): Promise<string> {
  if (name === '') return identity.slice(0, 16)
  const isFree = await newName(realm, name, identity).then(
    () => true,
    () => false,
  )
  return isFree ? name : `${name.slice(0, 40)}-${identity.slice(0, 8)}`
}

function defined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> } // as filtered
}

const REASONS = {
  used: 'somebody has joined by this code before',
  expired: 'the code has expired',
  other: 'the code is for another identity, or this one was revoked',
} as const
