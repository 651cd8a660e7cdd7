/** The machine as Node shows it: timers, however long. */
import { expect, it } from 'vitest'
import { newIdentity } from '../../../bus/io/ed25519.ts'
import { nodeSystem } from '../../../bus/io/system.ts'

it('waits for longer than Node can, instead of not at all', async () => {
  const system = await nodeSystem(newIdentity())
  const fired: number[] = []
  const stops = [2 ** 31, 2 ** 48].map((ms) => system.after(ms, () => void fired.push(ms)))
  // What is too long for Node comes after 1 ms.
  await new Promise<void>((resolve) => void system.after(5, resolve))
  expect(fired).toEqual([])
  for (const stop of stops) stop()
})

it('makes memory that messages share of which nobody can take theirs away', async () => {
  const { env } = await nodeSystem(newIdentity())
  const memory = env.memory!(100)
  const [mine, other] = [new Uint8Array(memory, 0, 10), new Uint8Array(memory, 10, 10).fill(7)]
  try {
    structuredClone(mine, { transfer: [memory] })
  } catch {
    // Node 20 copies what it is not to transfer; later ones throw.
  }
  expect([memory.byteLength, ...other]).toEqual([100, ...new Uint8Array(10).fill(7)])
})
