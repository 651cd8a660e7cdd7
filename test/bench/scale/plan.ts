/** How many of everything the measured process has, and how hard it works. */

export interface Scale {
  /** That it publishes on. */
  readonly topics: number
  /** That it subscribes to; each takes one topic of the crowd. */
  readonly patterns: number
  /** That it hears; some of them publish what it has subscribed to. */
  readonly peers: number
}

export interface Work {
  /** How long each of rest and work is measured, ms. */
  readonly forMs: number
  /** Before rest is measured, ms: beats that follow a message become rare, and history is let go. */
  readonly settleMs: number
  /** Messages a second that it publishes, and as many that it is sent, by turns of all. */
  readonly perSecond: number
}

/** What the parent tells the crowd. */
export type Told =
  | { readonly type: 'gather'; readonly scale: Scale; readonly port: number; readonly key: string }
  /** Each of those that are listened to publishes one message. */
  | { readonly type: 'begin' }
  | { readonly type: 'work'; readonly work: Work }
  | { readonly type: 'tell' }

/** What the crowd answers. */
export interface Answer {
  /** Messages that the crowd has published for it. */
  readonly published?: number
  /** Messages of it that the crowd's one listener has heard. */
  readonly heard?: number
}

export const MANY: Scale = { topics: 10_000, patterns: 1000, peers: 1000 }
export const FEW: Scale = { topics: 10, patterns: 10, peers: 10 }

/** Some at once. */
export async function inTurns(count: number, one: (at: number) => Promise<void>): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) await one(next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

/** Until somebody hears a topic. */
export const MEETING_MS = 120_000
const AT_ONCE = 2000

/** A topic of the crowd; the pattern of the same number takes it. */
export function topicOf(number: number): string {
  return `load/${number}/reading`
}

export function patternOf(number: number): string {
  return `load/${number}/*`
}

export function ownTopic(number: number): string {
  return `topics/${number}`
}
