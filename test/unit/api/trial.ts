/** A question under way in a test, and what it has told. */
import { Inquiry, type InquiryOptions } from '../../../bus/api/inquiry.ts'
import type { GatherReport, Outcome, Reply } from '../../../bus/api/request-options.ts'
import { hex64 } from '../../../bus/core/text.ts'
import type { Answer } from '../../../bus/core/wire/answer.ts'

export const [A, B, C] = [10n, 11n, 12n] as const

/** A question that was asked at 1000, and what it has told. */
export class Trial {
  readonly replies: Reply[] = []
  readonly settled: Outcome[] = []
  readonly reports: (GatherReport & { readonly open: boolean })[] = []
  readonly here = new Set<bigint>([A, B, C])
  room = Infinity
  /** It waits for a member of a group. */
  awaits = false
  enough: Outcome['type'] | undefined
  readonly inquiry: Inquiry

  constructor(options: Partial<InquiryOptions> = {}) {
    const given = {
      askedAt: 1000,
      to: undefined,
      expect: undefined,
      max: Infinity,
      isHere: (instance: bigint) => this.here.has(instance),
      awaits: () => this.awaits,
      check: (codec: number) => ({ value: codec }),
      ...options,
    }
    this.inquiry = new Inquiry(given, {
      reply: (reply) => {
        if (this.replies.length >= this.room) return false
        this.replies.push(reply)
        return true
      },
      settled: (outcome) => {
        this.settled.push(outcome)
        return outcome.type === this.enough
      },
      ended: (report, open) => void this.reports.push({ ...report, open }),
    })
  }

  /** What each has come to, at the end. */
  get outcomes(): Record<string, string> {
    const [report] = this.reports
    return Object.fromEntries(report!.outcomes.map(({ from, type }) => [from, type]))
  }

  value(from: bigint, codec: number, more: Partial<Answer> = {}): boolean {
    const answer = { id: 1, kind: 'value', sequence: 0, codec, payload: new Uint8Array(3), ...more }
    return this.inquiry.answer(1005, from, answer as Answer)
  }

  say(from: bigint, kind: 'none' | 'busy' | 'end', sequence = 0): boolean {
    return this.inquiry.answer(1005, from, { id: 1, kind, sequence })
  }
}

export const id = (instance: bigint): string => hex64(instance)
