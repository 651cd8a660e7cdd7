/** What a driver needs of its runtime: cryptography, randomness, clocks, timers, turns. */
import type { Env } from '../core/env.ts'

export interface System {
  readonly env: Env
  /** Monotonic, ms. */
  now(): number
  /** Wall clock minus the monotonic one, ms. */
  readonly wallOffset: number
  /** Runs `then` once what has already come in has been handled; simulated time passes by `takesMs`. */
  turn(then: () => void, takesMs?: number): void
  /** Runs `then` after `delayMs`; the result cancels it. */
  after(delayMs: number, then: () => void): () => void
  /** Browsers sign and verify in their own time. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>
  verify(
    message: Uint8Array,
    signature: Uint8Array,
    identity: Uint8Array,
  ): boolean | Promise<boolean>
  /** What a box for the own identity holds, if it opens. */
  unbox(given: { readonly box: Uint8Array; readonly boxKey: Uint8Array }): Uint8Array | undefined
}
