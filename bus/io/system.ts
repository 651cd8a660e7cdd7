/** What a driver needs of the machine: cryptography, randomness, clocks, timers, turns. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Identity } from '../api/options.ts'
import type { Env } from '../core/env.ts'
import { openBox } from './boxes.ts'
import { signerOf, strictVerifier } from './ed25519.ts'
import { sodiumBox, tweetnaclBox } from './secretbox.ts'

export interface System {
  readonly env: Env
  /** Monotonic, ms. */
  now(): number
  /** Wall clock minus the monotonic one, ms. */
  readonly wallOffset: number
  /** Runs `then` once what has already come in has been handled. */
  turn(then: () => void): void
  /** Runs `then` after `delayMs`; the result cancels it. */
  after(delayMs: number, then: () => void): () => void
  sign(message: Uint8Array): Uint8Array
  verify(message: Uint8Array, signature: Uint8Array, identity: Uint8Array): boolean
  /** What a box for the own identity holds, if it opens. */
  unbox(given: { readonly box: Uint8Array; readonly boxKey: Uint8Array }): Uint8Array | undefined
}

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
      const timer = setTimeout(then, delayMs)
      return () => clearTimeout(timer)
    },
    sign: signerOf(identity),
    verify: strictVerifier(),
    unbox: (given) => openBox(identity, given),
  }
}
