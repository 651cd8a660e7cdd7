/** What files, options and people's hands hold, and its decoders: keys, rights, invitations, settings. */
import { concat } from '../../bus/core/bytes.ts'
import { Rights } from '../../bus/core/rights.ts'
import { controlParts, ringOf } from '../../bus/core/seal/keys.ts'
import { utf8 } from '../../bus/core/text.ts'
import { parsePattern, parseTopic } from '../../bus/core/topic/pattern.ts'
import { addressBytes, addressText } from '../../bus/core/wire/address.ts'
import { parseConfig } from '../../bus/cli/config.ts'
import { duration, flag, history, list, seconds, size, whole } from '../../bus/cli/values.ts'
import { controlKeyText, parseControlKey } from '../../bus/io/control-key.ts'
import { base64url } from '../../bus/io/digits.ts'
import { identityOfSeed, signerOf } from '../../bus/io/ed25519.ts'
import { guestKeyText, parseGuestKey } from '../../bus/io/guest-key.ts'
import { identityText, parseSeed } from '../../bus/io/identity-text.ts'
import { parseIdentity } from '../../bus/io/identity.ts'
import { parseInvitation, parseMembership } from '../../bus/io/invitation.ts'
import { codeOf, roomKeyOf } from '../../bus/io/joining/code.ts'
import { keyText, parseKey } from '../../bus/io/key-text.ts'
import { parseRealmSettings } from '../../bus/io/realm-file.ts'
import { parseOpening } from '../../bus/io/realm-keys.ts'
import { memberLine, parseMember } from '../../bus/io/register.ts'
import { parseRights, rightsText } from '../../bus/io/rights-text.ts'
import { realmId } from '../../bus/io/rights.ts'
import { counting, crypto } from '../unit/core/crypto.ts'
import { grantOn, rightsBytes } from '../unit/core/granting.ts'
import { bounded, type Decoder, misused, same, thrown } from './decoder.ts'

const text = new TextDecoder()
const KEY = new Uint8Array(32).fill(3)
const owner = identityOfSeed(counting(32, 0x10))
const member = identityOfSeed(counting(32, 0x20))
const realm = 'plant'
const key = keyText(KEY, owner.publicKey, { epoch: 2, epochKey: counting(32) })
const ring = ringOf(crypto, { name: realm, root: KEY, owner: owner.publicKey })
const guest = {
  ring: { ...ring, topics: [{ prefix: 'hall/3', key: KEY }] },
  owner: owner.publicKey,
}
const id = await realmId({ realm, root: KEY, owner: owner.publicKey })
const grant = grantOn(member.publicKey, { publish: ['hall/**'], subscribe: ['**'] })
const chain = rightsBytes(
  id,
  { grant: { ...grant, depth: 1 }, sign: signerOf(owner) },
  { grant, sign: signerOf(member) },
)
const invitation = {
  realm,
  key,
  rights: rightsText(chain),
  identity: identityText(member),
  settings: { scope: 'site', port: 7000, groups: 16 },
  expires: 4_000_000_000,
}
const register = { name: 'Ada', rights: Rights.read(chain)!, topics: ['hall/**'], revoked: true }

/** The text of an invitation with any payload, rightly signed: or nothing would get past that. */
function signedInvitation(payload: Uint8Array): string {
  const signature = signerOf(owner)(concat(utf8('sixcast/1/invite'), id, payload))
  return ['sixcast-invite-1', base64url(payload), base64url(signature)].join('.')
}

export const textDecoders: readonly Decoder[] = [
  {
    name: 'topic and pattern',
    seeds: [utf8('a/b/c'), utf8('a/*/**'), utf8('{x}/y')],
    outcome: (bytes) => {
      const name = text.decode(bytes)
      return `${parseTopic(name).ok} ${parsePattern(name).ok} ${name.split('/').length}`
    },
  },
  {
    name: 'address',
    seeds: [utf8('ff12:1:2:3:4:5:8000:1'), utf8('::'), utf8('fe80::1')],
    outcome: (bytes) => {
      const read = addressBytes(text.decode(bytes))
      if (read) same(addressBytes(addressText(read)), read)
      return `${read?.length}`
    },
  },
  {
    name: 'key and identity',
    seeds: [
      utf8(keyText(KEY)),
      utf8(key),
      utf8(identityText(member)),
      utf8(`sixcast-key-1 ${'A'.repeat(43)}`),
    ],
    outcome: async (bytes) => {
      const given = text.decode(bytes)
      const outcomes = [
        thrown(() => parseKey(given, 'x')),
        thrown(() => parseSeed(given, 'x')),
        thrown(() => parseIdentity(given, 'x')),
      ]
      return (await Promise.all(outcomes)).join(' | ')
    },
  },
  {
    name: 'key of a guest',
    seeds: [utf8(guestKeyText(guest)), utf8(guestKeyText({ ...guest, owner: undefined }))],
    outcome: (bytes) => {
      const given = text.decode(bytes)
      return thrown(() => {
        const read = parseGuestKey(given, 'x')
        same(parseGuestKey(guestKeyText(read), 'x'), read)
        return bounded(parseOpening(given, { source: 'x', realm: read.ring.name }), bytes)
      })
    },
  },
  {
    name: 'key of a relay',
    seeds: [undefined, KEY].map((owner) => {
      const parts = controlParts(crypto, { name: realm, root: KEY })
      return utf8(controlKeyText({ parts, owner }))
    }),
    outcome: (bytes) =>
      thrown(() => {
        const read = parseControlKey(text.decode(bytes), 'x')
        same(parseControlKey(controlKeyText(read), 'x'), read)
        return read.parts.epoch
      }),
  },
  {
    name: 'rights as text',
    seeds: [chain],
    outcome: (bytes) =>
      thrown(() => {
        const read = bounded(parseRights(rightsText(bytes), 'x'), bytes)
        same(read.bytes, bytes)
        return [read.serials, read.rules, read.isValid(Date.now())]
      }),
  },
  {
    name: 'invitation',
    share: 0.5,
    seeds: [utf8(signedInvitation(utf8(JSON.stringify(invitation))))],
    outcome: (bytes) => thrown(() => parseInvitation(text.decode(bytes), 'x'), REFUSED),
  },
  {
    name: 'content of an invitation',
    share: 0.2,
    seeds: [
      utf8(JSON.stringify(invitation)),
      utf8(JSON.stringify({ ...invitation, settings: {} })),
    ],
    outcome: async (bytes) => {
      const outcomes = [
        thrown(() => parseInvitation(signedInvitation(bytes), 'x'), REFUSED),
        thrown(() => parseMembership(bytes, 'x'), REFUSED),
      ]
      return (await Promise.all(outcomes)).join(' | ')
    },
  },
  {
    name: 'settings of a realm',
    seeds: [utf8(JSON.stringify(invitation.settings)), utf8('{"scope":"link"}')],
    outcome: (bytes) =>
      thrown(() => parseRealmSettings(text.decode(bytes), 'x'), ['INVALID_OPTION']),
  },
  {
    name: 'member in the register',
    seeds: [utf8(memberLine(register)), utf8(memberLine({ name: 'x', rights: register.rights }))],
    outcome: (bytes) =>
      thrown(() => {
        const read = parseMember(text.decode(bytes), 'x')
        same(parseMember(memberLine(read), 'x').name, read.name)
        return read
      }),
  },
  {
    name: 'configuration file',
    seeds: [
      utf8('{"realm": "plant", "relay": ["wss://a"], "port": 7000, "open": false}'),
      utf8('{"a": {"a": 1}, "b": "{\\"a\\":"}'),
    ],
    outcome: (bytes) => misused(() => parseConfig(text.decode(bytes), 'x')),
  },
  {
    name: 'values of the command line',
    seeds: ['yes', '7000', '1.5', '60s', '12h', '4G', 'all'].map(utf8),
    outcome: (bytes) => {
      const raw = text.decode(bytes)
      const bounds = { min: 0, max: 100_000 }
      return [
        misused(() => flag(raw, 'x')),
        misused(() => whole(raw, 'x', bounds)),
        misused(() => seconds(raw, 'x', bounds)),
        misused(() => history(raw, 'x')),
        misused(() => duration(raw, 'x')),
        misused(() => size(raw, 'x')),
        misused(() => list(raw, 'x')),
      ].join(' ')
    },
  },
  {
    name: 'code of an invitation',
    seeds: [utf8(codeOf(counting(16))), utf8(codeOf(counting(16)).toLowerCase())],
    outcome: (bytes) => thrown(() => roomKeyOf(text.decode(bytes))),
  },
]

/** Of what is signed, but nonsense: the fields are named as options are. */
const REFUSED = ['INVALID_KEY', 'INVALID_OPTION', 'DENIED'] as const
