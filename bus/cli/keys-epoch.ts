/** `sixcast keys rotate` and `keys adopt`: the next epoch of a realm, made or taken from a file. */
import { resolve } from 'node:path'
import { readSecret as readEpochSecret } from '../core/seal/epoch-secret.ts'
import { memberOf, readPageBody, readPageHead, splitPage } from '../core/wire/page.ts'
import { hexOf } from '../core/bytes.ts'
import { openBox } from '../io/boxes.ts'
import { epochOf, isSigned, keepInFiles, pageFileOf, readPageFile } from '../io/epoch-files.ts'
import { keyTextIn } from '../io/epochs.ts'
import { identityOf } from '../io/identity.ts'
import { keyFileOf, readKeyText } from '../io/keyfile.ts'
import { isBodyOf, pageText, parsePage } from '../io/page.ts'
import { parseOpening } from '../io/realm-keys.ts'
import { isDue } from '../io/rotating.ts'
import { nodeEnv } from '../io/system.ts'
import type { Arguments, World } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { pause } from './interrupt.ts'
import { assertName, ownedRealm } from './owner.ts'
import {
  type LeftOut,
  present,
  type Rotated,
  rotated,
  spread,
  stayOf,
  tellLeftOut,
} from './rotation.ts'
import { identityNamed } from './secrets.ts'
import { duration, size } from './values.ts'

/** How often `--every` alone means. */
export const EVERY = '24h'

/** Once, or again and again until it is interrupted. */
export async function rotateKeys(given: Arguments, world: World): Promise<number> {
  const every = given['every']
  const everyMs = every === undefined ? undefined : duration(every, 'option --every')
  const volume =
    given['volume'] === undefined ? undefined : size(given['volume'], 'option --volume')
  const stayMs = stayOf(given)
  const { interrupt } = world
  for (;;) {
    const owned = await ownedRealm(world)
    const here = await present(world, stayMs)
    const made = await rotated(owned, given['at-once'] === true)
    const there = await spread(world, Math.min(stayMs, everyMs ?? stayMs))
    const leftOut = tellLeftOut(owned.realm, made, here)
    await tell(owned.realm, { ...made, there, leftOut }, world)
    if (everyMs === undefined && volume === undefined) return interrupt.code ?? Exit.ok
    const restMs = Math.max(0, (everyMs ?? Infinity) - stayMs)
    if (volume === undefined) await pause(restMs, interrupt.signal)
    else await heard(world, { every: restMs, volume })
    if (interrupt.signal.aborted) return interrupt.code ?? Exit.ok
  }
}

/** Hears all topics of the realm until so much was said, or it has taken so long. */
async function heard(
  world: World,
  when: { readonly every: number; readonly volume: number },
): Promise<void> {
  const bus = await world.connect()
  try {
    bus.subscribe('**', () => undefined)
    await isDue(bus, { ...when, signal: world.interrupt.signal })
  } finally {
    await bus.close({ linger: 0 })
  }
}

async function tell(
  realm: string,
  made: Rotated & { readonly there: number; readonly leftOut: readonly LeftOut[] },
  { json, output }: World,
): Promise<void> {
  const { epoch, members, page, there, leftOut } = made
  if (json) return output.object({ type: 'epoch', realm, epoch, members, there, leftOut, page })
  const others = there === 1 ? '1 other peer is' : `${there} other peers are`
  await output.write(`Epoch ${epoch} is for ${members} members, ${others} in it now.\n`)
  await output.write(`Who sleeps gets it from any of them, or by: sixcast keys adopt ${page}\n`)
  await output.write(`Relays are told by: sixcast keygen --realm ${realm} --control, and SIGHUP\n`)
}

/** Takes a page from a file, for who cannot hear the others. */
export async function adoptPage(given: Arguments, world: World): Promise<number> {
  const { realm } = world.settings
  if (realm === undefined) throw new UsageError('name the realm: --realm NAME')
  assertName(realm)
  if (typeof given['file'] !== 'string' || given['file'] === '') {
    throw new UsageError('name the file with the page: sixcast keys adopt FILE')
  }
  const path = resolve(given['file'])
  const { signal } = world.interrupt
  const { epoch, page } = parsePage(await pageTextOf(path, signal), path)
  const text = await readKeyText(keyFileOf(realm), signal)
  if (epoch <= epochOf(text, realm)) {
    const fault = `${path} is of epoch ${epoch}, and realm "${realm}" is in ${epochOf(text, realm)}`
    throw new Failure('STALE', `${fault}: nothing is changed`)
  }
  const key = await opened(page, { realm, text, path }, world)
  await keepInFiles(realm, { epoch, page: pageText(page), key })
  const kept = { realm, epoch, page: pageFileOf(realm) }
  if (world.json) await world.output.object({ type: 'epoch', ...kept })
  else await world.output.write(`Realm "${realm}" is in epoch ${epoch} here.\n`)
  return Exit.ok
}

async function pageTextOf(path: string, signal: AbortSignal): Promise<string> {
  try {
    return await readPageFile(path, signal)
  } catch (cause) {
    const reason = (cause as Error).message
    throw new Failure('INVALID_KEY', `the page ${path} cannot be read: ${reason}`)
  }
}

/** The text of the key file that the page brings to this member. */
async function opened(
  page: Uint8Array,
  about: { readonly realm: string; readonly text: string; readonly path: string },
  world: World,
): Promise<string> {
  const { realm, text, path } = about
  const opening = parseOpening(text, { source: keyFileOf(realm), realm })
  const split = splitPage(page)!
  const { head } = readPageHead(split.head)! // as it has been read before
  const isTheirs = await isSigned(page, realm, opening)
  const { crypto } = await nodeEnv()
  const body = isTheirs && isBodyOf(crypto, head, split.body) && readPageBody(split.body)
  if (!body) {
    const fault = `the owner of realm "${realm}" has not signed the page ${path}`
    throw new Failure('DENIED', isTheirs ? `${fault} as it is: it has been changed` : fault)
  }
  const { signal } = world.interrupt
  const named = world.settings.identity
  const identity = await identityOf(
    { signal, ...(named !== undefined && { identity: () => identityNamed(named, signal) }) },
    realm,
  )
  const name = hexOf(memberOf(crypto, identity.publicKey))
  const box = body.boxes.find(({ member }) => hexOf(member) === name)?.box
  const secret = box && openBox(identity, { box, boxKey: head.boxKey })
  const read = secret && readEpochSecret(secret)
  if (read) return keyTextIn(realm, opening, { epoch: head.epoch, secret: read })
  const isOut = body.members.some((member) => hexOf(member) === name)
  const fault = isOut ? 'has removed this member' : 'has no key for this identity'
  throw new Failure('DENIED', `epoch ${head.epoch} of realm "${realm}" ${fault}: ask its owner`)
}
