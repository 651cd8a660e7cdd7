/**
 * Our erasure code against those on npm, in one run: microseconds to make and to use parity.
 *
 * The others are no dependencies: `npm install --no-save @digitaldefiance/reed-solomon-erasure.wasm
 * raptorq` first.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { coefficient, type Row, solve } from '../../bus/core/stream/erasure.ts'
import { addProducts } from '../../bus/core/stream/galois.ts'
import { race } from './rounds.ts'

/** Makes and uses `parity` symbols for `count` symbols of SIZE bytes; the first ones are lost. */
type Contender = (symbols: readonly Uint8Array[], parity: number) => Work

interface Work {
  readonly encode: () => void
  /** Returns the first symbol, or bytes that begin with it. */
  readonly decode: () => Uint8Array
}

interface ReedSolomon {
  encode(shards: Uint8Array, data: number, parity: number): number
  reconstruct(shards: Uint8Array, data: number, parity: number, there: boolean[]): number
}

interface RaptorQ {
  readonly Encoder: {
    with_defaults(data: Uint8Array, mtu: number): { encode(repair: number): Uint8Array[] }
  }
  readonly Decoder: {
    with_defaults(size: bigint, mtu: number): { decode(packet: Uint8Array): Uint8Array | undefined }
  }
}

const ours: Contender = (symbols, parity) => {
  const encode = (): Row[] => {
    return Array.from({ length: parity }, (_, row) => {
      const sum = new Uint8Array(SIZE)
      const factors = symbols.map((_symbol, i) => coefficient(row, i))
      addProducts(sum, symbols, factors)
      return { row, count: symbols.length, sum }
    })
  }
  const rows = encode()
  const lost = rows.map(({ row }) => row)
  return { encode, decode: () => solve(rows, lost, (place) => symbols[place]!)![0]! }
}

const wasm =
  (code: ReedSolomon): Contender =>
  (symbols, parity) => {
    const shards = new Uint8Array(SIZE * (symbols.length + parity))
    for (const [i, symbol] of symbols.entries()) shards.set(symbol, i * SIZE)
    const encode = (): number => code.encode(shards, symbols.length, parity)
    encode()
    const there = Array.from({ length: symbols.length + parity }, (_, i) => i >= parity)
    const decode = (): Uint8Array => {
      shards.fill(0, 0, SIZE * parity)
      const fault = code.reconstruct(shards, symbols.length, parity, there)
      if (fault !== 0) throw new Error(`result ${fault}`)
      return shards
    }
    return { encode, decode }
  }

const raptor =
  ({ Encoder, Decoder }: RaptorQ): Contender =>
  (symbols, parity) => {
    const data = Buffer.concat(symbols)
    const encode = (): Uint8Array[] => Encoder.with_defaults(data, SIZE).encode(parity)
    const packets = encode().slice(parity)
    const decode = (): Uint8Array => {
      const decoder = Decoder.with_defaults(BigInt(data.length), SIZE)
      for (const packet of packets) {
        const whole = decoder.decode(packet)
        if (whole) return whole
      }
      throw new Error('raptorq wants more')
    }
    return { encode, decode }
  }

async function contenders(): Promise<Record<string, Contender>> {
  const path = (name: string): string => join('node_modules', name)
  const bytes = readFileSync(path(`${REED_SOLOMON}/dist/reed_solomon_erasure_bg.wasm`))
  const { ReedSolomonErasure } = (await import(REED_SOLOMON)) as {
    ReedSolomonErasure: { fromBytes(wasm: Uint8Array): ReedSolomon }
  }
  const raptorq = (await import(RAPTORQ)) as RaptorQ & { initSync(wasm: Uint8Array): void }
  raptorq.initSync(readFileSync(path('raptorq/raptorq_bg.wasm')))
  return {
    ours,
    [REED_SOLOMON]: wasm(ReedSolomonErasure.fromBytes(bytes)),
    raptorq: raptor(raptorq),
  }
}

/** Bytes of a symbol: a full packet's. */
const SIZE = 1208
const REED_SOLOMON = '@digitaldefiance/reed-solomon-erasure.wasm'
const RAPTORQ = 'raptorq/raptorq.js'
const entries = await contenders()
const lines = [
  '| symbols + parity | code | make parity, us | mend as many, us |',
  '|---|---|---|---|',
]
for (const count of [16, 32, 64]) {
  const parity = count / 8
  const symbols = Array.from({ length: count }, () => new Uint8Array(randomBytes(SIZE)))
  const works = Object.entries(entries).map(
    ([name, make]) => [name, make(symbols, parity)] as const,
  )
  for (const [name, { decode }] of works) {
    const same = Buffer.from(decode().subarray(0, SIZE)).equals(symbols[0]!)
    if (!same) throw new Error(`${name} gives back something else`)
  }
  const encode = race(Object.fromEntries(works.map(([name, work]) => [name, work.encode])))
  const decode = race(Object.fromEntries(works.map(([name, work]) => [name, work.decode])))
  for (const [name] of works) {
    const us = (speeds: ReadonlyMap<string, number>): string => (1e6 / speeds.get(name)!).toFixed(0)
    lines.push(`| ${count} + ${parity} | ${name} | ${us(encode)} | ${us(decode)} |`)
  }
}
process.stdout.write(`${lines.join('\n')}\n`)
