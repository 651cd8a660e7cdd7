/** The machine as Node shows it: cryptography, randomness, clocks, timers, turns. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
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
    random: (size) => new Uint8Array(randomBytes(size)),
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

/** Node takes a longer one for 1 ms. */
const DELAY_MAX_MS = 2 ** 31 - 1
