/** Counters of everything that is dropped, bounded or worth watching, by name. */
import { Tally } from './tally.ts'

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
  'toldFull',
  // repair of memberships
  'rejoins',
  'clones',
  // unicast
  'greetings',
  'toldRefused',
  // epochs
  'pagesSent',
] as const

export type CounterName = (typeof COUNTER_NAMES)[number]

export class Metrics extends Tally<CounterName> {
  constructor() {
    super(COUNTER_NAMES)
  }
}
