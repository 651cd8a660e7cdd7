/** Link records: round trip, what is refused, and that no bytes ever throw. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import { addressText } from '../../../../bus/core/wire/address.ts'
import { SALT_SIZE } from '../../../../bus/core/wire/hello.ts'
import {
  LINK_MESSAGE_MAX,
  type LinkRecord,
  LinkType,
  readLinkMessage,
  writeChallenge,
  writeDatagram,
  writeGroups,
  writeHears,
  writeInstances,
  writeMulticast,
  writeProof,
  writeProofClaim,
  writeReceived,
  writeRights,
  writeRung,
  writeSign,
  writeUnicast,
  writeWelcome,
  writeWelcomeTerms,
} from '../../../../bus/core/wire/link.ts'
import { counting } from '../crypto.ts'

function read(message: Uint8Array): { records: LinkRecord[]; whole: boolean } {
  const records: LinkRecord[] = []
  const whole = readLinkMessage(message, (record) => records.push(record))
  return { records, whole }
}

const bytes = (size: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: size, maxLength: size })
const address = bytes(16).map(addressText)
const port = fc.integer({ min: 1, max: 65_535 })
const endpoint = fc.record({
  address: fc
    .tuple(address, fc.integer({ min: 0, max: 99_999 }))
    .map(([text, zone]) => (zone === 0 ? text : `${text}%${zone}`)),
  port,
})
const datagram = fc.uint8Array({ maxLength: 2000 })
const claim = fc.record({
  nonce: bytes(32),
  identity: bytes(32),
  hint: fc.integer({ min: 0, max: 65_535 }),
  scope: fc.integer({ min: 0, max: 15 }),
  port: fc.integer({ min: 0, max: 65_535 }),
  session: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  received: fc.nat({ max: 2 ** 40 }),
})
const number = fc.nat({ max: 2 ** 40 })
const terms = fc.record({
  port,
  intervalMs: number,
  groups: number,
  datagramSize: number,
  resumed: fc.boolean(),
})

/** A record as it is read, and its bytes. */
const anyRecord: fc.Arbitrary<{ record: LinkRecord; bytes: Uint8Array }> = fc.oneof(
  bytes(32).map((nonce) => pair({ type: 'challenge', nonce }, writeChallenge(nonce))),
  fc.tuple(claim, bytes(32), bytes(64)).map(([said, mac, signature]) => {
    const claimed = writeProofClaim(said)
    const record = { type: 'proof' as const, ...said, claimed, mac, signature }
    return pair(record, writeProof(claimed, mac, signature))
  }),
  fc.tuple(terms, bytes(32)).map(([said, mac]) => {
    const claimed = writeWelcomeTerms(said)
    return pair({ type: 'welcome', ...said, claimed, mac }, writeWelcome(claimed, mac))
  }),
  fc
    .tuple(
      fc.constantFrom('join' as const, 'leave' as const, 'rejoin' as const),
      fc.array(address, { minLength: 1, maxLength: 5 }),
    )
    .map(([type, groups]) => pair({ type, groups }, concat(...writeGroups(type, groups)))),
  fc
    .uint8Array({ maxLength: 512 })
    .map((chain) => pair({ type: 'rights', chain }, writeRights(chain))),
  fc
    .tuple(address, datagram)
    .map(([group, data]) =>
      pair({ type: 'multicast', group, datagram: data }, writeMulticast(group, data)!),
    ),
  fc
    .tuple(endpoint, datagram)
    .map(([to, data]) => pair({ type: 'unicast', to, datagram: data }, writeUnicast(to, data)!)),
  fc
    .tuple(endpoint, datagram)
    .map(([from, data]) =>
      pair({ type: 'datagram', from, datagram: data }, writeDatagram(from, data)!),
    ),
  fc.constantFrom('ping' as const, 'pong' as const).map((type) => pair({ type }, writeSign(type))),
  fc
    .tuple(fc.boolean(), bytes(SALT_SIZE))
    .map(([near, salt]) => pair({ type: 'rung', near, salt }, writeRung(near, salt))),
  fc
    .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
    .map(([yes, relay]) => pair({ type: 'hears', yes, relay }, writeHears(yes, relay))),
  fc
    .tuple(
      fc.constantFrom('spare' as const, 'need' as const),
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 1, maxLength: 5 }),
    )
    .map(([type, instances]) => {
      return pair({ type, instances }, concat(...writeInstances(type, instances)))
    }),
  number.map((received) => pair({ type: 'received', received }, writeReceived(received))),
)

function pair(record: LinkRecord, written: Uint8Array): { record: LinkRecord; bytes: Uint8Array } {
  return { record, bytes: written }
}

describe('link records', () => {
  it('survive the round trip, one by one and many in a message', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 5 }), (records) => {
        for (const { record } of records) seen.add(record.type)
        const message = concat(...records.map((one) => one.bytes))
        expect(read(message)).toEqual({ records: records.map((one) => one.record), whole: true })
      }),
      { numRuns: 500 },
    )
    expect([...seen].toSorted()).toEqual(Object.keys(LinkType).toSorted())
  })

  it('are refused at every truncation, and those before the cut still count', () => {
    const first = writeSign('ping')
    fc.assert(
      fc.property(anyRecord, (one) => {
        for (let size = first.length + 1; size < first.length + one.bytes.length; size++) {
          const message = concat(first, one.bytes).slice(0, size)
          expect(read(message)).toEqual({ records: [{ type: 'ping' }], whole: false })
        }
      }),
      { numRuns: 30 },
    )
  })

  it('are refused with bytes left over, or with a port that is none', () => {
    expect(read(new Uint8Array([LinkType.ping, 1, 0])).whole).toBe(false)
    const claimed = writeProofClaim({
      nonce: counting(32),
      identity: counting(32),
      hint: 1,
      scope: 1,
      port: 65_536,
      session: 0n,
      received: 0,
    })
    expect(read(writeProof(claimed, counting(32), counting(64))).whole).toBe(false)
    const said = writeWelcomeTerms({
      port: 65_536,
      intervalMs: 1,
      groups: 1,
      datagramSize: 1,
      resumed: false,
    })
    expect(read(writeWelcome(said, counting(32))).whole).toBe(false)
  })

  it('of unknown types are skipped', () => {
    const message = concat(new Uint8Array([63, 2, 1, 2]), writeSign('pong'))
    expect(read(message)).toEqual({ records: [{ type: 'pong' }], whole: true })
  })

  it.each(['nowhere', '127.0.0.1', '::1%eth0', '::1%', '', 'fe80::1%1%2'])(
    'name no endpoint at %j',
    (text) => {
      expect(writeUnicast({ address: text, port: 9 }, counting(3))).toBeUndefined()
    },
  )

  it.each([0, -1, 65_536, 1.5, Number.NaN])('name no endpoint with port %d', (odd) => {
    expect(writeDatagram({ address: '::1', port: odd }, counting(3))).toBeUndefined()
  })

  it('hold more groups than fit one record in several', () => {
    const groups = Array.from({ length: 3000 }, (_, i) => addressText(counting(16, i % 256)))
    const records = writeGroups('join', groups)
    expect(records.length).toBe(3)
    for (const record of records) expect(record.length).toBeLessThan(LINK_MESSAGE_MAX)
    const heard = records.flatMap((record) => read(record).records)
    expect(heard.flatMap((record) => (record.type === 'join' ? record.groups : []))).toEqual(groups)
  })

  it('carry the largest datagram in one message', () => {
    const record = writeDatagram(
      { address: `${addressText(counting(16))}%9`, port: 1 },
      counting(60_000),
    )
    expect(record!.length).toBeLessThanOrEqual(LINK_MESSAGE_MAX)
  })
})

describe('any bytes', () => {
  it('are records or malformed, and never throw', () => {
    const typed = fc
      .tuple(fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 200 }))
      .map(([type, body]) => concat(new Uint8Array([type, 0x40, body.length]), body))
    const messages = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(typed, { maxLength: 4 }).map((all) => concat(...all)),
      fc.tuple(anyRecord, fc.nat(), fc.nat({ max: 255 })).map(([one, at, value]) => {
        const damaged = one.bytes.slice()
        damaged[at % damaged.length] = value
        return damaged
      }),
    )
    let whole = 0
    fc.assert(
      fc.property(messages, (message) => {
        whole += Number(read(message).whole)
      }),
      { numRuns: 5000 },
    )
    expect(whole).toBeGreaterThan(0)
  })
})
