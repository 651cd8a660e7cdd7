/** Makes the next epoch of a realm, for its owner. */
import { BusError } from '../api/errors.ts'
import type { EpochMember, RotateOptions, Rotation } from '../api/rotate-options.ts'
import { ROTATE } from '../api/option-rules.ts'
import { checkOptions } from '../api/rules.ts'
import type { EpochSecret } from '../core/seal/keys.ts'
import { EPOCH_MAX } from '../core/wire/page.ts'
import { signerOf } from './ed25519.ts'
import { keyText, parseKey, type RealmKey } from './key-text.ts'
import { newKey } from './keyfile.ts'
import { pageOf, pageText } from './page.ts'
import { guestKeyOf } from './guest-ring.ts'
import { realmId } from './rights.ts'
import { nodeEnv } from './system.ts'

/**
 * Draws the key of the next epoch and signs the page that brings it to the members; nothing is
 * written or sent. Rejects with INVALID_OPTION, INVALID_KEY, INVALID_PATTERN, TOO_LARGE, LIMIT, or
 * DENIED when the owner is not the one that the key names.
 */
export async function rotate(options: RotateOptions): Promise<Rotation> {
  checkOptions('rotate', options, ROTATE)
  const { realm, owner: issuer, members, revoked = [], revokedSerials = [] } = options
  if (options.key === undefined || issuer === undefined || members === undefined) {
    throw new BusError('INVALID_OPTION', 'rotate needs the key, the owner, and the members')
  }
  const before = parseKey(options.key, 'option "key"')
  const { root, owner } = before
  if (!owner || !Buffer.from(owner).equals(issuer.publicKey)) {
    throw new BusError('DENIED', `"owner" is not the owner that the key of realm "${realm}" names`)
  }
  const epoch = (before.epoch ?? 0) + 1
  if (epoch > EPOCH_MAX) {
    throw new BusError('LIMIT', `realm "${realm}" has used all its epochs: make another realm`)
  }
  const next: RealmKey = { root, owner, epoch, epochKey: newKey() }
  const { crypto } = await nodeEnv()
  const secrets = members.map(async (member) => ({
    identity: bytesOf(member.identity),
    secret: await secretFor(member, realm, next),
  }))
  const page = pageOf(
    {
      id: await realmId({ realm, root, owner }),
      epoch,
      isAtOnce: options.atOnce ?? revoked.length + revokedSerials.length > 0,
      members: await Promise.all(secrets),
      revoked: { identities: revoked.map(bytesOf), serials: revokedSerials },
      madeAt: Math.floor(Date.now() / 1000),
    },
    { crypto, sign: signerOf(issuer) },
  )
  return { epoch, key: keyText(root, owner, next), page: pageText(page) }
}

async function secretFor(
  { topics }: EpochMember,
  realm: string,
  next: RealmKey,
): Promise<EpochSecret> {
  if (!topics) return { key: next.epochKey! } // it has just been drawn
  const { ring } = await guestKeyOf(realm, next, topics)
  return { control: ring.control, topics: ring.topics }
}

function bytesOf(identity: string): Uint8Array {
  return new Uint8Array(Buffer.from(identity, 'hex'))
}
