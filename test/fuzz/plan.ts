/** The kinds of attack that a run of the fuzzer goes through, and what each must show. */
import { type FuzzOptions, type FuzzReport } from './run.ts'

export interface Phase {
  readonly name: string
  /** Share of all packets. */
  readonly share: number
  readonly options: Pick<FuzzOptions, 'open' | 'owned' | 'members' | 'gapMs'>
}

const OWNED = { owned: true, members: 0.6, gapMs: 0.4 }

export const phases: readonly Phase[] = [
  { name: 'members and outsiders', share: 0.4, options: { members: 0.6, gapMs: 0.4 } },
  { name: 'a realm with an owner', share: 0.1, options: OWNED },
  { name: 'outsiders alone, fast', share: 0.25, options: { members: 0, gapMs: 0.02 } },
  { name: 'outsiders alone, slowly', share: 0.05, options: { members: 0, gapMs: 5 } },
  { name: 'an open realm', share: 0.2, options: { open: true, members: 0.5, gapMs: 0.4 } },
]

/** An honest peer sends hellos and beacons whether it is attacked or not: bytes a second. */
const OWN_RATE = 1500
/** What the quiet start leaves to be sent. */
const OWN_REST = 32 * 1024
/** What answers to unknown instances may cost, as a hello for each of the budget: bytes a second. */
const ASKED_RATE = 20 * 800
/** Growth of the heap that is no leak: what the engine keeps, what the limits allow. */
const GROWTH = 24 * 1024 * 1024

/** What went wrong, as sentences. */
export function faultsOf(phase: Phase, report: FuzzReport): string[] {
  const faults: string[] = []
  const { bytesIn, bytesOut, seconds, heaps } = report
  if (phase.options.members === 0) {
    const allowed = Math.min(bytesIn, ASKED_RATE * seconds) + OWN_RATE * seconds + OWN_REST
    if (bytesOut > allowed) faults.push(`${bytesOut} bytes went out for ${bytesIn} bytes of junk`)
  }
  const early = heaps[Math.floor(heaps.length / 4)] ?? 0
  const late = heaps.at(-1) ?? 0
  if (late > early + GROWTH) faults.push(`the heap grew from ${early} to ${late} bytes`)
  return faults
}
