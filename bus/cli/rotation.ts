/** What `keys rotate` and `revoke` share: the next epoch, made, kept, and brought to the others. */
import type { Bus } from '../index.ts'
import { keepInFiles, pageFileOf } from '../io/epoch-files.ts'
import { isBoxable } from '../io/boxes.ts'
import { keyName } from '../io/identity.ts'
import { keyText, type RealmKey } from '../io/key-text.ts'
import { keyFileOf, readKeyFile } from '../io/keyfile.ts'
import { withLock } from '../io/lock.ts'
import { type Member, readRegister } from '../io/register.ts'
import { rotate } from '../io/rotate.ts'
import type { Arguments, World } from './command.ts'
import { pause } from './interrupt.ts'
import { note } from './log.ts'
import type { Owned } from './owner.ts'
import { seconds } from './values.ts'

export interface Rotated {
  readonly epoch: number
  readonly page: string
  readonly members: number
  /** Who has a key of it, or shall have none. */
  readonly known: ReadonlySet<string>
  /** Names of members who may let others in, whom the register does not know. */
  readonly inviters: readonly string[]
}

/** Somebody who is here and has no key of the new epoch. */
export interface LeftOut {
  readonly name: string
  readonly identity: string
}

/**
 * The next epoch for everybody in the register who has not been revoked, in the realm's files. Of
 * two commands the second waits, or they would make two pages of one epoch.
 */
export function rotated({ realm, owner }: Owned, atOnce: boolean): Promise<Rotated> {
  return withLock(keyFileOf(realm), async () => {
    const key = await readKeyFile(keyFileOf(realm)) // another command may have changed it
    return nextEpoch({ realm, key, owner }, atOnce)
  })
}

async function nextEpoch(
  { realm, key, owner }: Pick<Owned, 'realm' | 'owner'> & { readonly key: RealmKey },
  atOnce: boolean,
): Promise<Rotated> {
  const register = await readRegister(realm)
  const now = Date.now() / 1000
  const current = register.filter(({ rights }) => rights.notAfter > now)
  const out = current.filter(({ revoked }) => revoked)
  const gone = new Set(out.map(({ rights }) => keyName(rights.holder)))
  const stays = new Map<string, Member>()
  for (const one of current) {
    const { holder } = one.rights
    if (gone.has(keyName(holder))) continue
    if (isBoxable(holder)) stays.set(keyName(holder), one)
    else tellUnboxable(realm, one)
  }
  const members = [...stays].map(([identity, { topics }]) => ({
    identity,
    ...(topics && { topics }),
  }))
  const made = await rotate({
    realm,
    key: keyText(key.root, key.owner, key),
    owner,
    members,
    revoked: [...gone],
    revokedSerials: out.flatMap(({ rights }) => rights.serials.slice(-1)),
    atOnce,
  })
  await keepInFiles(realm, made)
  return {
    epoch: made.epoch,
    page: pageFileOf(realm),
    members: members.length,
    known: new Set([...stays.keys(), ...gone]),
    inviters: [...stays.values()].filter(isInviter).map(({ name }) => name),
  }
}

/** One whom no key can be given must not keep the others from theirs. */
function tellUnboxable(realm: string, { name, rights }: Member): void {
  const fault = `left out: ${name}, for ${keyName(rights.holder)} is no identity`
  note(`${fault}; to hear no more of it, run: sixcast revoke ${name} --realm ${realm}`)
}

/** The owner's own rights are its as long as it likes; others' depth is what they may hand on. */
function isInviter({ name, rights }: Member): boolean {
  return rights.depth > 0 && name !== 'owner'
}

/** Who is here before the keys change. */
export async function present(world: World, stayMs: number): Promise<readonly LeftOut[]> {
  if (stayMs === 0) return []
  const bus = await world.connect().catch(() => undefined) // `spread` tells why
  if (!bus) return []
  try {
    await pause(Math.min(stayMs, LOOK_MS), world.interrupt.signal)
    return [...bus.presence].map(({ name, identity }) => ({ name, identity }))
  } finally {
    await bus.close({ linger: 0 })
  }
}

/** Names on standard error who was here and gets no key, and what to do about it. */
export function tellLeftOut(realm: string, made: Rotated, here: readonly LeftOut[]): LeftOut[] {
  const { epoch, known, inviters } = made
  const out = here.filter(({ identity }) => !known.has(identity))
  for (const { name, identity } of out) {
    const fault = `left out: ${name} (${identity}) has no key of epoch ${epoch}`
    const mend = `to let it in again, run: sixcast invite --realm ${realm} --for ${identity}`
    note(`${fault}, for it is not among those that you have invited; ${mend}`)
  }
  if (inviters.length > 0) {
    const fault = `${inviters.join(', ')} may have let in others, who have no key of epoch ${epoch}`
    note(`${fault} unless you invite them yourself: sixcast invite --realm ${realm} --for IDENTITY`)
  }
  return out
}

/**
 * Brings the page to those who are there, and waits for them. Returns how many of them are in the
 * new epoch by then.
 */
export async function spread(world: World, stayMs: number): Promise<number> {
  if (stayMs === 0) return 0
  let bus: Bus
  try {
    bus = await world.connect()
  } catch (error) {
    const reason = (error as Error).message
    world.log.warn({ reason }, 'the page is in its file alone: no member can be reached from here')
    return 0
  }
  try {
    await pause(stayMs, world.interrupt.signal)
    return new Set([...bus.presence].map(({ identity }) => identity)).size
  } finally {
    await bus.close({ linger: 0 })
  }
}

/** How long to stay for the others, ms. */
export function stayOf(given: Arguments): number {
  return seconds(given['stay'] ?? STAY_S, 'option --stay', { min: 0, max: 86_400 })
}

/** Hellos come within tens of milliseconds; a second is for busy machines. */
const LOOK_MS = 1000
export const STAY_S = 5
