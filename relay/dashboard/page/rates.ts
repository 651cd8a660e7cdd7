/** Rates: what counts have grown by between two snapshots, for each second. */
import type { Flow } from '../shown.ts'

export interface Rate {
  readonly packets: number
  readonly bytes: number
}

interface Counts {
  readonly at: number
  readonly packets: number
  readonly bytes: number
}

export class Rates {
  #before: ReadonlyMap<string, Counts> = new Map()
  #now = new Map<string, Counts>()
  #at = 0

  /** A snapshot of that time, ms, follows. */
  begin(at: number): void {
    this.#before = this.#now
    this.#now = new Map()
    this.#at = at
  }

  /** Of what is counted under a name; nothing the first time. */
  of(name: string, { packets, bytes }: Rate): Rate {
    const at = this.#at
    this.#now.set(name, { at, packets, bytes })
    const before = this.#before.get(name)
    const seconds = before ? (at - before.at) / 1000 : 0
    if (!before || seconds <= 0) return { packets: 0, bytes: 0 }
    // Where something was forgotten the count is smaller than before.
    return {
      packets: Math.max(0, packets - before.packets) / seconds,
      bytes: Math.max(0, bytes - before.bytes) / seconds,
    }
  }

  in(name: string, { packetsIn, bytesIn }: Flow): Rate {
    return this.of(`in ${name}`, { packets: packetsIn, bytes: bytesIn })
  }

  out(name: string, { datagramsOut, bytesOut }: Flow): Rate {
    return this.of(`out ${name}`, { packets: datagramsOut, bytes: bytesOut })
  }
}

export function rateText({ packets, bytes }: Rate): string {
  return `${countText(packets)}/s, ${sizeText(bytes)}/s`
}

export function wholeText(count: number): string {
  return count.toLocaleString('en')
}

/** Of so many a second. */
export function countText(count: number): string {
  return count > 0 && count < 10 ? count.toFixed(1) : wholeText(Math.round(count))
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

export function timeText(ms: number): string {
  const [seconds, minutes, hours] = [ms / 1000, ms / 60_000, ms / 3_600_000]
  if (seconds < 100) return `${Math.round(seconds)} s`
  if (minutes < 100) return `${Math.round(minutes)} min`
  return hours < 72 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} days`
}
