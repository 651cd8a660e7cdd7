/** What is measured of sealing: packets of two sizes, by both libraries. */
import type { Crypto } from '../../../bus/core/env.ts'
import { RealmKeys } from '../../../bus/core/seal/keys.ts'
import { Sealer } from '../../../bus/core/seal/sealer.ts'
import { nodeEnv } from '../../../bus/io/system.ts'
import { tweetnaclBox } from '../../../bus/io/tweetnacl.ts'
import type { Operation } from './meter.ts'

/** By the library that a bus of this machine uses, and by tweetnacl. */
export async function sealOperations(): Promise<Operation[]> {
  const { crypto } = await nodeEnv()
  const pure = { ...crypto, ...tweetnaclBox }
  return [
    ...SIZES.flatMap((size) => ofSize(size, crypto)),
    ...SIZES.flatMap((size) => ofSize(size, pure, ' by tweetnacl')),
  ]
}

function ofSize(size: number, crypto: Crypto, by = ''): Operation[] {
  const keys = new RealmKeys(crypto, { name: 'bench', root: new Uint8Array(32).fill(1) })
  const sealer = new Sealer(crypto, keys, 1n)
  const key = new Uint8Array(32).fill(2)
  const body = new Uint8Array(size).fill(3)
  const id = { kind: 0, flags: 0, stream: 1, number: 1 }
  const packet = sealer.seal(id, body, key)
  const bytes = size.toLocaleString('en-US')
  return [
    {
      part: 'seal',
      name: `seal ${bytes} B${by}`,
      run: () => sealer.seal(id, body, key),
      right: (sealed) => Buffer.compare(sealed as Uint8Array, packet) === 0,
    },
    {
      part: 'seal',
      name: `open ${bytes} B${by}`,
      run: () => sealer.open(packet, key),
      right: (opened) => Buffer.compare(opened as Uint8Array, body) === 0,
    },
  ]
}

/** A message alone in its packet, and a full packet between hosts. */
const SIZES = [64, 1190]
