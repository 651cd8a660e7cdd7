/**
 * What proof costs: processor time of publisher and subscriber together, bytes and signatures, for
 * each message, by proof, size and how fast they come.
 *
 * Two buses in this process on a memory network, real cryptography. Run: `npm run -s compile &&
 * node .build/test/bench/proof.js`
 */
import type { Proof } from '../../bus/api/options.ts'
import { connectOver } from '../../bus/io/connect.ts'
import { memoryNetwork } from '../../bus/io/memory.ts'

interface Figures {
  readonly cpuUs: number
  readonly bytes: number
  readonly packets: number
  readonly signatures: number
}

const PROOFS: readonly Proof[] = ['group', 'checkpoint', 'each']
const ROUNDS = 5
/** Messages of each turn of the publisher, and how many turns. */
const LOADS = [
  { name: '100 B, one each turn', size: 100, perTurn: 1, turns: 2000 },
  { name: '100 B, a hundred each turn', size: 100, perTurn: 100, turns: 200 },
  { name: '1,000 B, one each turn', size: 1000, perTurn: 1, turns: 2000 },
  { name: '1,000 B, a hundred each turn', size: 1000, perTurn: 100, turns: 40 },
] as const

for (const load of LOADS) {
  process.stdout.write(`${load.name}\n`)
  const rounds = new Map<Proof, Figures[]>(PROOFS.map((proof) => [proof, []]))
  // In turns, so that a busy machine is busy for all.
  for (let round = 0; round < ROUNDS; round++) {
    for (const proof of PROOFS) rounds.get(proof)!.push(await measure(proof, load))
  }
  for (const [proof, figures] of rounds) {
    const median = (of: (one: Figures) => number): number => {
      return figures.map(of).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
    }
    const cells = [
      `${median((one) => one.cpuUs).toFixed(1)} us`,
      `${median((one) => one.bytes).toFixed(1)} B`,
      `${median((one) => one.packets).toFixed(3)} packets`,
      `${median((one) => one.signatures).toFixed(4)} signatures`,
    ]
    process.stdout.write(`  ${proof.padEnd(10)} ${cells.join('  ')}\n`)
  }
}

async function measure(proof: Proof, load: (typeof LOADS)[number]): Promise<Figures> {
  const network = memoryNetwork()
  const key = new Uint8Array(32).fill(3)
  const options = { realm: 'bench', key, rate: 10 ** 9, proof }
  const writer = await connectOver(network.transport(), options)
  const reader = await connectOver(network.transport(), options)
  let left = load.perTurn * load.turns
  const count = left
  let done = (): void => undefined
  const all = new Promise<void>((resolve) => (done = resolve))
  reader.subscribe(
    'load',
    () => {
      left -= 1
      if (left === 0) done()
    },
    { queue: 1_000_000 },
  )
  await writer.matched('load')
  const payload = new Uint8Array(load.size).fill(7)
  const before = process.cpuUsage()
  const at = writer.stats()
  for (let turn = 0; turn < load.turns; turn++) {
    for (let i = 0; i < load.perTurn; i++) writer.publish('load', payload)
    await new Promise((resolve) => setImmediate(resolve))
    await writer.ready
  }
  await writer.flush()
  await all
  const { user, system } = process.cpuUsage(before)
  const end = writer.stats()
  await writer.close({ linger: 0 })
  await reader.close({ linger: 0 })
  return {
    cpuUs: (user + system) / count,
    bytes: (end.bytesSent - at.bytesSent) / count,
    packets: (end.packetsSent - at.packetsSent) / count,
    signatures: (end.packetsSigned - at.packetsSigned) / count,
  }
}
