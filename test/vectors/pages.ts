/** Vectors of pages: head, body, boxes, and what peers say to each other about them. */
import { instanceOf } from '../../bus/core/seal/control-keys.ts'
import { writeSecret } from '../../bus/core/seal/epoch-secret.ts'
import { RealmKeys, ringIn } from '../../bus/core/seal/keys.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { partsOf, readPageHead, splitPage } from '../../bus/core/wire/page.ts'
import { writePageTalk } from '../../bus/core/wire/page-talk.ts'
import { Kind } from '../../bus/core/wire/packet.ts'
import { identityOfSeed, signerOf } from '../../bus/io/ed25519.ts'
import { boxPairOf } from '../../bus/io/boxes.ts'
import { pageOf } from '../../bus/io/page.ts'
import { counting, crypto } from '../unit/core/crypto.ts'
import { identity, realmName, root, sender } from './samples.ts'

export function pageVectors(): object {
  const owner = identityOfSeed(counting(32, 0x50))
  const [guest, revoked] = [identityOfSeed(counting(32, 0x60)), identityOfSeed(counting(32, 0x70))]
  const keys = new RealmKeys(crypto, { name: realmName, root, owner: owner.publicKey })
  const pair = boxPairOf(counting(32, 0x80))
  const secret = { key: counting(32, 0x90) }
  const epoch = 1
  const next = new RealmKeys(crypto, {
    name: realmName,
    root: undefined,
    ring: ringIn(crypto, keys.ring, { epoch, secret }),
  })
  const reduced = {
    control: next.control,
    topics: [{ prefix: 'hall/3', key: next.topicKey('hall/3') }],
  }
  const members = [
    { identity: new Uint8Array(identity.publicKey), secret },
    { identity: new Uint8Array(guest.publicKey), secret: reduced },
  ]
  const page = pageOf(
    {
      id: keys.id,
      epoch,
      isAtOnce: true,
      members,
      revoked: { identities: [new Uint8Array(revoked.publicKey)], serials: [70_000] },
      madeAt: 1_700_000_000,
    },
    { crypto, sign: signerOf(owner), pair },
  )
  const { head, body } = splitPage(page)!
  const { signed } = readPageHead(head)!
  const id = instanceOf(crypto, signed, new Uint8Array(0))
  const talks = {
    ask: writePageTalk({ type: 'ask', epoch: 0, page: id, wanted: [0, 2] }),
    head: writePageTalk({ type: 'head', head }),
    part: writePageTalk({ type: 'part', page: id, index: 0, part: partsOf(body)[0]! }),
  }
  const packetId = { kind: Kind.page, flags: 0, stream: 0x01020304, number: 0x0a0b0c0d0e0f }
  return {
    about: 'pages key = the first 32 bytes of HMAC-SHA-512(names key, "pages")',
    realm: realmName,
    root,
    owner: owner.publicKey,
    id: keys.id,
    epoch,
    epochKey: secret.key,
    control: next.control,
    topicRoot: next.topicKey(''),
    pagesKey: keys.pages,
    box: { publicKey: pair.publicKey, secretKey: pair.secretKey },
    members: members.map((member, i) => ({
      identity: member.identity,
      seed: [identity, guest][i]!.secretKey,
      secret: writeSecret(member.secret),
    })),
    revoked: { identity: revoked.publicKey, serial: 70_000 },
    head: { bytes: head, signed, id },
    body,
    talks,
    packet: new Sealer(crypto, keys, sender.instance).seal(packetId, talks.head, keys.pages),
  }
}
