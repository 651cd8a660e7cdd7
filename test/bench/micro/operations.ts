/** Everything that `npm run bench:micro` measures. */
import type { Operation } from './meter.ts'
import { sealOperations } from './seal-operations.ts'
import { streamOperations } from './stream-operations.ts'
import { trieOperations } from './trie-operations.ts'
import { wireOperations } from './wire-operations.ts'

export async function operations(): Promise<Operation[]> {
  const sealing = await sealOperations()
  return [...wireOperations(), ...sealing, ...streamOperations(), ...trieOperations()]
}
