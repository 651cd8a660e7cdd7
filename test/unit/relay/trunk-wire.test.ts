/** The records of trunks: what is written is read, and nothing else is. */
import { describe, expect, it } from 'vitest'
import { Random } from '../../../bus/testing/random.ts'
import { concat } from '../../../bus/core/bytes.ts'
import {
  type AnyTrunkRecord,
  readTrunkMessage,
  type TrunkRecord,
  writeAccept,
  writeAcceptClaim,
  writeHail,
  writeHailClaim,
  writeTrunkChallenge,
  writeTrunkPing,
  writeTrunkRecord,
} from '../../../relay/trunk-wire.ts'
import { counting } from '../core/crypto.ts'
import { group } from './carrying.ts'

const RECORDS: readonly TrunkRecord[] = [
  { type: 'group', hops: 16, group: group(1), datagram: counting(70) },
  { type: 'instance', hops: 1, instance: 2n ** 64n - 1n, datagram: counting(5) },
  { type: 'ask', all: true, instances: [] },
  { type: 'ask', all: false, instances: [1n, 2n] },
  { type: 'prune', instances: [3n] },
  { type: 'graft', instances: [4n, 5n] },
]

describe('a message of a trunk', () => {
  it('is read as it was written, record by record, unknown ones passed over', () => {
    const unknown = Uint8Array.of(200, 2, 1, 1)
    const message = concat(...RECORDS.map(writeTrunkRecord), unknown, writeTrunkPing())
    expect(read(message)).toEqual({ whole: true, records: [...RECORDS, { type: 'ping' }] })
  })

  it('opens a trunk with all that its macs cover', () => {
    const claim = { nonce: counting(32), relay: 7n, hint: 9, scope: 2, intervalMs: 2500 }
    const [hailed, terms, mac] = [writeHailClaim(claim), writeAcceptClaim(300), counting(32, 3)]
    const opening = [writeTrunkChallenge(counting(32, 1), 8n), writeHail(hailed, mac)]
    expect(read(concat(...opening, writeAccept(terms, mac))).records).toEqual([
      { type: 'challenge', nonce: counting(32, 1), relay: 8n },
      { type: 'hail', ...claim, claimed: hailed, mac },
      { type: 'accept', intervalMs: 300, claimed: terms, mac },
    ])
  })

  it.each([
    ['cut short', writeTrunkRecord(RECORDS[0]!).subarray(0, -1)],
    ['a group cut short', Uint8Array.of(4, 5, 1, 2, 3, 4, 5)],
    ['half an instance', Uint8Array.of(7, 4, 1, 2, 3, 4)],
    ['more than a challenge', Uint8Array.of(1, 41, ...counting(41))],
    ['a ping that says something', Uint8Array.of(9, 1, 0)],
  ])('is refused from a record on that is none: %s', (_, bytes) => {
    expect(read(concat(writeTrunkPing(), bytes))).toEqual({
      whole: false,
      records: [{ type: 'ping' }],
    })
  })

  it('may be any bytes: it is read or refused', () => {
    const random = new Random(1)
    for (let i = 0; i < 20_000; i++) {
      const bytes = random.bytes(random.integer(0, 60))
      bytes[0] = random.integer(0, 10)
      expect(typeof read(bytes).whole).toBe('boolean')
    }
  })
})

function read(message: Uint8Array): { whole: boolean; records: AnyTrunkRecord[] } {
  const records: AnyTrunkRecord[] = []
  const whole = readTrunkMessage(message, (record) => records.push(record))
  return { whole, records }
}
