/** What the simulator's checkers throw: the rule that was broken and what was seen. */

export const RULES = {
  order: 'order per publisher and topic, no duplicate',
  content: 'what is delivered is what was published',
  contract: 'published = delivered + reported gaps',
  lossless: 'nothing is lost where the network loses nothing',
  foreign: 'nothing is delivered that was not published in this realm',
  removed: 'who was removed reads nothing that is published in the new epoch',
  memory: 'every bound on memory holds',
  nonce: 'no nonce is used twice for different plaintexts',
  identical: 'a packet is the same bytes each time it is sent',
  plaintext: 'no sealed datagram shows a payload or a topic name',
  size: 'no datagram is larger than its bound',
  repair: 'nothing is asked for, or sent again, beyond what was lost',
  chatter: 'control traffic of idle peers is bounded',
  close: 'a clean close ends in time and knows who confirmed',
  liveness: 'after healing everybody knows everybody and messages flow',
  exception: 'nothing throws',
} as const

export type Rule = keyof typeof RULES

export class Violation extends Error {
  readonly rule: Rule

  constructor(rule: Rule, detail: string) {
    super(detail)
    this.name = 'Violation'
    this.rule = rule
  }
}

export function check(holds: boolean, rule: Rule, detail: () => string): asserts holds {
  if (!holds) throw new Violation(rule, detail())
}
