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
