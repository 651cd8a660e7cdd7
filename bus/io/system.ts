/** The machine as Node shows it: cryptography, randomness, clocks, timers, turns. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
// The global of the same name is a getter in Node 20.
import { performance } from 'node:perf_hooks'
import { markAsUntransferable } from 'node:worker_threads'
import type { Identity } from '../api/options.ts'
import type { Env } from '../core/env.ts'
import { openBox } from './boxes.ts'
import { signerOf, strictVerifier } from './ed25519.ts'
import type { System } from './runtime.ts'
import { sodiumBox } from './secretbox.ts'
import { tweetnaclBox } from './tweetnacl.ts'

/** Cryptography and randomness of this machine. */
export async function nodeEnv(): Promise<Env> {
  const box = (await sodiumBox()) ?? tweetnaclBox
  return {
    crypto: {
      hash: (data) => createHash('sha512').update(data).digest(),
      hmac: (key, data) => createHmac('sha512', key).update(data).digest(),
      ...box,
    },
    random: stocked((size) => new Uint8Array(randomBytes(size))),
    memory: (size) => {
      const memory = new ArrayBuffer(size)
      markAsUntransferable(memory) // as the memory that Node's own Buffers share
      return memory
    },
  }
}

/** Few bytes at a time come from a stock of many: drawing costs as much as sealing a packet. */
export function stocked(draw: Env['random']): Env['random'] {
  let stock: Uint8Array = NOTHING
  let at = 0
  return (size) => {
    if (size > STOCK_SIZE / 64) return draw(size)
    if (at + size > stock.length) {
      stock = draw(STOCK_SIZE)
      at = 0
    }
    at += size
    const bytes = stock.slice(at - size, at)
    // What is somebody's secret now is nobody else's to read.
    stock.fill(0, at - size, at)
    return bytes
  }
}

/** The machine's own, signing with this identity. Throws INVALID_KEY. */
export async function nodeSystem(identity: Identity): Promise<System> {
  return {
    env: await nodeEnv(),
    now: () => performance.now(),
    wallOffset: Date.now() - performance.now(),
    turn: (then) => void setImmediate(then),
    after: (delayMs, then) => {
      const timer = setTimeout(then, Math.min(delayMs, DELAY_MAX_MS))
      return () => clearTimeout(timer)
    },
    sign: signerOf(identity),
    verify: strictVerifier(),
    unbox: (given) => openBox(identity, given),
  }
}

const STOCK_SIZE = 4096
const NOTHING = new Uint8Array(0)
/** Node takes a longer one for 1 ms. */
const DELAY_MAX_MS = 2 ** 31 - 1
