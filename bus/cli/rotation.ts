/** What `keys rotate` and `revoke` share: the next epoch, made, kept, and brought to the others. */
import type { Bus } from '../index.ts'
import { keepInFiles, pageFileOf } from '../io/epoch-files.ts'
import { keyName } from '../io/identity.ts'
import { keyText } from '../io/key-text.ts'
import { type Member, readRegister } from '../io/register.ts'
import { rotate } from '../io/rotate.ts'
import type { Arguments, World } from './command.ts'
import { pause } from './interrupt.ts'
import type { Owned } from './owner.ts'
import { seconds } from './values.ts'

export interface Rotated {
  readonly epoch: number
  readonly page: string
  readonly members: number
}

/** The next epoch for everybody in the register who has not been revoked, in the realm's files. */
export async function rotated(owned: Owned, atOnce: boolean): Promise<Rotated> {
  const { realm, key, owner } = owned
  const register = await readRegister(realm)
  const now = Date.now() / 1000
  const current = register.filter(({ rights }) => rights.notAfter > now)
  const stays = new Map<string, Member>()
  for (const one of current) if (!one.revoked) stays.set(keyName(one.rights.holder), one)
  const out = current.filter(({ revoked }) => revoked)
  const members = [...stays].map(([identity, { topics }]) => ({
    identity,
    ...(topics && { topics }),
  }))
  const made = await rotate({
    realm,
    key: keyText(key.root, key.owner, key),
    owner,
    members,
    revoked: [...new Set(out.map(({ rights }) => keyName(rights.holder)))],
    revokedSerials: out.flatMap(({ rights }) => rights.serials.slice(-1)),
    atOnce,
  })
  await keepInFiles(realm, made)
  return { epoch: made.epoch, page: pageFileOf(realm), members: members.length }
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

export const STAY_S = 5
