/** The vectors of proof read back as what a receiver makes of them. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bodyOf, Flag, readHeader } from '../../../bus/core/wire/packet.ts'
import { digestInput, LEAF_SIZE, readSigned } from '../../../bus/core/wire/signed.ts'
import { strictVerifier } from '../../../bus/io/ed25519.ts'
import { crypto, hex, unhex } from '../core/crypto.ts'

interface Vector {
  readonly flags: number
  readonly body: string
  readonly content: string
  readonly digest: string
  readonly leaf: string
  readonly statement?: string
  readonly signature?: string
  readonly packet: string
}
type Vectors = Record<'each' | 'checkpoint', readonly Vector[]>

const file = JSON.parse(readFileSync('test/vectors/proofs.json', 'utf8')) as {
  readonly identity: string
} & Record<'sealed' | 'open', Vectors>
const verify = strictVerifier()

describe.each(['sealed', 'open'] as const)('the proofs of a realm that is %s', (kind) => {
  const { each, checkpoint } = file[kind]

  it.each([...each, ...checkpoint])('have the digest $digest', (vector) => {
    const packet = unhex(vector.packet)
    const { instance, stream, number, flags } = readHeader(packet)
    const body = unhex(vector.body)
    // A sealed one is longer by what authenticates it.
    const size = bodyOf(packet).length - (kind === 'open' ? 0 : 16)
    expect(size).toBe(body.length)
    const signed = flags & Flag.signed ? readSigned(body)! : undefined
    const rest = signed ? body.subarray(64) : body
    const digest = crypto.hash(digestInput({ instance, stream, number, flags }, rest))
    expect([hex(digest), hex(digest.slice(0, LEAF_SIZE))]).toEqual([vector.digest, vector.leaf])
    expect(hex(signed ? signed.content : body)).toBe(vector.content)
    expect(signed && hex(signed.signature)).toBe(vector.signature)
    expect(vector.statement?.endsWith(vector.digest)).toBe(signed && true)
    const statement = unhex(vector.statement ?? '')
    const isTrue = signed && verify(statement, signed.signature, unhex(file.identity))
    expect(isTrue).toBe(signed && true)
  })

  it('sign each packet, or one and then a checkpoint for all that follow it', () => {
    const isSigned = ({ flags }: Vector): boolean => (flags & Flag.signed) !== 0
    expect(each.map(isSigned)).toEqual([true, true])
    expect(checkpoint.map(isSigned)).toEqual([true, false, false, true])
    const last = readSigned(unhex(checkpoint[3]!.body))!
    expect(last.leaves.map(hex)).toEqual([checkpoint[1]!.leaf, checkpoint[2]!.leaf])
    expect(last.content).toHaveLength(0)
  })
})
