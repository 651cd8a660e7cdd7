/** What a driver needs, as a page has it. */
import type { Identity } from '../bus/api/options.ts'
import { openBox } from '../bus/io/boxes.ts'
import type { System } from '../bus/io/runtime.ts'
import { tweetnaclCrypto } from '../bus/io/tweetnacl.ts'
import type { PageClock } from './clock.ts'
import { pageSignatures } from './ed25519.ts'

export interface PageSystem extends System {
  /** From now on signs at once: nothing that a page that goes has begun is ever finished. */
  hurry(): void
}

/** Throws INVALID_KEY. */
export async function pageSystem(identity: Identity, clock: PageClock): Promise<PageSystem> {
  const { sign, signNow, verify } = await pageSignatures(identity)
  let hurried = false
  return {
    env: {
      crypto: tweetnaclCrypto,
      random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    },
    now: () => clock.now(),
    wallOffset: Date.now() - clock.now(),
    turn: (then) => clock.turn(then),
    after: (delayMs, then) => clock.after(delayMs, then),
    sign: (message) => (hurried ? signNow(message) : sign(message)),
    verify,
    unbox: (given) => openBox(identity, given),
    hurry: () => void (hurried = true),
  }
}
