/** What the memory network has beyond the contract of all transports. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { memoryNetwork, type MemoryHop } from '../../../bus/io/memory.ts'
import type { Transport } from '../../../bus/io/transport.ts'

test('loses what the hook says, for one receiver and not for another', async () => {
  const hops: MemoryHop[] = []
  const network = memoryNetwork({
    lose: (hop) => {
      hops.push(hop)
      return hop.to.address === 'memory:2'
    },
  })
  const [a, b, c] = [
    await listen(network.transport()),
    await listen(network.transport()),
    await listen(network.transport()),
  ]
  b.transport.join(group)
  c.transport.join(group)
  a.transport.send(group, Uint8Array.of(7))
  a.transport.send({ address: 'memory:3', port: 3 }, Uint8Array.of(8))
  await turn()
  expect(b.heard).toEqual([])
  expect(c.heard).toEqual(['7 from memory:1', '8 from memory:1'])
  expect(hops.map((hop) => [hop.from.port, hop.to.port, hop.group])).toEqual([
    [1, 2, group],
    [1, 3, group],
    [1, 3, undefined],
  ])
})

test('what is sent during a delivery comes one turn later', async () => {
  const network = memoryNetwork()
  const a = await listen(network.transport())
  a.transport.join(group)
  a.transport.send(group, Uint8Array.of(1))
  a.transport.send(group, Uint8Array.of(2))
  a.answer = Uint8Array.of(3)
  expect(a.transport.pending).toBe(2)
  await turn()
  expect(a.heard).toEqual(['1 from memory:1', '2 from memory:1'])
  expect(a.transport.pending).toBe(1)
  await turn()
  expect(a.heard).toHaveLength(3)
  expect(a.transport.pending).toBe(0)
})

test('a sender may use its buffer again at once', async () => {
  const network = memoryNetwork({ datagramSize: 100 })
  const a = await listen(network.transport())
  expect(a.transport.datagramSize).toBe(100)
  a.transport.join(group)
  const buffer = Buffer.of(1)
  a.transport.send(group, buffer)
  buffer[0] = 2
  a.transport.send(group, buffer)
  await turn()
  expect(a.heard).toEqual(['1 from memory:1', '2 from memory:1'])
})

test('two networks do not hear each other', async () => {
  const [a, b] = [
    await listen(memoryNetwork().transport()),
    await listen(memoryNetwork().transport()),
  ]
  for (const { transport } of [a, b]) transport.join(group)
  a.transport.send(group, Uint8Array.of(1))
  await turn()
  expect(b.heard).toEqual([])
})

const group = 'ff11::8000:1'

interface Ears {
  readonly transport: Transport
  readonly heard: string[]
  /** Sent to the group when the first datagram is heard. */
  answer?: Uint8Array
}

async function listen(transport: Transport): Promise<Ears> {
  const ears: Ears = { transport, heard: [] }
  await transport.open({
    datagram(bytes, from) {
      ears.heard.push(`${bytes.join(' ')} from ${from.address}`)
      if (ears.answer !== undefined && ears.heard.length === 1) transport.send(group, ears.answer)
    },
    event() {},
  })
  return ears
}
