/**
 * Packets that have crossed lately, and how often: what goes round in circles ends here.
 *
 * A packet may cross again, since repairs are the same bytes. Neither the instance nor anything
 * else in a packet has to be true for this to hold, so the table knows packets by their bytes.
 */
import { BODY_OFFSET, nonceOf } from '../bus/core/wire/packet.ts'

interface Entry {
  since: number
  count: number
  /** The way it came first. */
  way: string
}

export class Seen {
  readonly #sizeMax: number
  readonly #entryByMark = new Map<string, Entry>()

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** Whether it may cross now; with `strict`, only if this is the way it came first. */
  pass(
    now: number,
    packet: Uint8Array,
    { way, strict }: { readonly way: string; readonly strict: boolean },
  ): boolean {
    const mark = markOf(packet)
    const entry = this.#entryByMark.get(mark)
    if (!entry) {
      this.#entryByMark.set(mark, { since: now, count: 1, way })
      if (this.#entryByMark.size > this.#sizeMax) this.#forgetOldest()
      return true
    }
    if (now - entry.since >= AGE_MS) {
      entry.since = now
      entry.count = 0
      entry.way = way
    }
    if (strict && entry.way !== way) return false
    entry.count += 1
    return entry.count <= CROSSINGS_MAX
  }

  #forgetOldest(): void {
    for (const oldest of this.#entryByMark.keys()) {
      this.#entryByMark.delete(oldest)
      return
    }
  }
}

/** The header, and enough of the body that nobody can take a packet's place with bytes of its own. */
function markOf(packet: Uint8Array): string {
  const head = nonceOf(packet)
  return String.fromCharCode(...head, ...packet.subarray(BODY_OFFSET, BODY_OFFSET + SEAL_SIZE))
}

const SEAL_SIZE = 16
/** As long as a publisher keeps what it has sent. */
const AGE_MS = 10_000
/** A packet that is repaired so often for one segment is lost on it nearly always. */
const CROSSINGS_MAX = 32
