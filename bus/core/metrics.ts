/** Counters of everything that is dropped, bounded or worth watching, by name. */

export const COUNTER_NAMES = [
  // traffic
  'packetsSent',
  'bytesSent',
  'packetsReceived',
  'bytesReceived',
  'messagesPublished',
  'messagesDelivered',
  'messagesLost',
  'lostNetwork',
  'lostHistory',
  'lostPublisherGone',
  'lostOverflow',
  'lostUnproven',
  'messagesConflated',
  'messagesExpired',
  // answers
  'answersSent',
  'answersReceived',
  'answersResent',
  'answersGivenUp',
  'answersLost',
  // repair
  'naksSent',
  'naksReceived',
  'naksSuppressed',
  'repairsSent',
  'paritySent',
  'paritySpare',
  'packetsMended',
  'liveEarly',
  // proof
  'packetsSigned',
  'packetsVerified',
  // packets dropped, by reason
  'truncated',
  'version',
  'length',
  'foreign',
  'reserved',
  'malformed',
  'forged',
  'parityForged',
  'epoch',
  'replayed',
  'unknown',
  'duplicate',
  'late',
  'uninterested',
  'denied',
  'revoked',
  'pageStale',
  'pageForged',
  'pageFork',
  'own',
  'unverified',
  'unproven',
  'weakProof',
  // bounds that were hit
  'quarantineFull',
  'quarantineExpired',
  'helloBudget',
  'askBudget',
  'pageBudget',
  'peersFull',
  'streamsFull',
  'withheldFull',
  'receiversFull',
  'receiversSlow',
  'replaysFull',
  'reorderFull',
  'assemblyFull',
  'blocksFull',
  'signaturesFull',
  'controlFull',
  'historyEvicted',
  'retainEvicted',
  'repairBudget',
  'repairsFull',
  'expiryBudget',
  'requestsFull',
  'answeringFull',
  'repliesFull',
  'answersUnknown',
  'variablesFull',
  'variablesLate',
  'knownEvicted',
  'sendFull',
  'answersFull',
  'answersHeldFull',
  'linkFull',
  'namedFull',
  'unicastFull',
  // repair of memberships
  'rejoins',
  'clones',
  // unicast
  'greetings',
  // epochs
  'pagesSent',
] as const

export type CounterName = (typeof COUNTER_NAMES)[number]

export class Metrics {
  readonly #counts = zeros()

  count(name: CounterName, by = 1): void {
    this.#counts[name] += by
  }

  get(name: CounterName): number {
    return this.#counts[name]
  }

  /** Every counter, zeros included. */
  snapshot(): Readonly<Record<CounterName, number>> {
    return { ...this.#counts }
  }
}

function zeros(): Record<CounterName, number> {
  const all = {} as Record<CounterName, number> // filled completely by the loop
  for (const name of COUNTER_NAMES) all[name] = 0
  return all
}
