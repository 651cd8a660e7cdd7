/** Counters of everything that a relay carries, drops or refuses, by name, in words for /metrics. */
import { Tally } from '../bus/core/tally.ts'

export const RELAY_COUNTERS = {
  // links
  linksOpened: 'Links that were admitted',
  linksClosed: 'Ends of links that were admitted',
  linksResumed: 'Links that took up the session of one that had broken',
  sessionsEnded: 'Sessions whose peers did not come back in time',
  trunksOpened: 'Trunks on which both relays have proved themselves',
  trunksClosed: 'Ends of such trunks',
  backboneOpened: 'Times that the backbone came to be there',
  backboneClosed: 'Times that it was lost',
  backboneMet: 'Relays that were met by the backbone',
  // traffic
  messagesIn: 'WebSocket messages that came by links and trunks',
  messagesOut: 'WebSocket messages that went by them',
  bytesIn: 'Bytes in messages that came',
  bytesOut: 'Bytes in messages that went',
  backboneIn: 'Messages that came by the backbone',
  backboneOut: 'Messages that went by it',
  backboneBytesIn: 'Bytes in messages that came by the backbone',
  backboneBytesOut: 'Bytes in messages that went by it',
  datagramsUp: 'Datagrams that came by links',
  datagramsDown: 'Datagrams that went by links, one for each',
  datagramsCrossed: 'Datagrams brought from one network to others, one for each',
  unicastCrossed: 'Datagrams brought to one peer of another network',
  datagramsFar: 'Datagrams that came by trunks or the backbone',
  naksAnswered: 'Questions for lost packets that the relay has answered itself',
  repairsSent: 'Packets that it has sent again for them',
  // links refused or ended, by reason
  linksFull: 'Calls refused: as many links as there may be',
  addressFull: 'Calls refused: as many links of one address as there may be',
  protocolRefused: 'Calls refused: another subprotocol',
  originRefused: 'Calls refused: a page of another origin',
  handshakeLate: 'Links ended: no proof in time',
  realmRefused: 'Links ended: another realm',
  scopeRefused: 'Links ended: another scope',
  proofRefused: 'Links ended: another key',
  admitRefused: 'Links ended: not admitted',
  rightsRefused: 'Links ended: no rights that count',
  viewersFull: 'Viewers of the dashboard refused: as many as there may be',
  dashboardRefused: 'Wrong tokens for the dashboard',
  dashboardLate: 'Tokens for the dashboard not looked at: too many wrong ones from there',
  trunkSelf: 'Trunks ended: the relay had called itself',
  trunkDouble: 'Trunks ended: there was one already',
  trunksFull: 'Trunks ended: as many as there may be',
  malformed: 'Links ended: not the protocol',
  idle: 'Links ended: nothing came for too long',
  stuck: 'Links ended: no room for too long',
  // bounds that were hit, datagrams dropped
  groupsFull: 'Groups not joined: as many as there may be',
  linkGroupsFull: 'Links ended: joined more groups than one may',
  throttled: 'Times that a link was read later',
  bufferFull: 'Datagrams dropped: too much waits for a link',
  sessionFull: 'Datagrams dropped: too much is kept for a peer whose link is gone',
  sessionsFull: 'Sessions given up for others: as many links as there may be, or no port left',
  sessionsLost: 'Sessions begun anew: what the peer had missed was not kept',
  trunkBufferFull: 'Datagrams dropped: too much waits for a trunk',
  backboneBufferFull: 'Messages dropped: too much waits for the backbone',
  backboneFull: 'Relays of the backbone not met: as many as there may be',
  backboneForged: 'Messages of the backbone dropped: not said by a relay of the realm',
  backboneReplayed: 'Messages of the backbone dropped: they have come before',
  backboneStrangers: 'Messages of the backbone dropped: of a relay that was not met yet',
  foreign: 'Datagrams dropped: no whole packets of the realm, or not of that group',
  otherEpoch: 'Datagrams of an epoch whose control key is missing',
  forged: 'Datagrams dropped: control that does not open, or is not signed by whom it names',
  strangers: 'Datagrams dropped: of peers that have said no hello, beyond a few',
  pagesFull: 'Datagrams dropped: too many about epochs from one network',
  replayed: 'Datagrams dropped: control that has come before',
  denied: 'Datagrams dropped: no rights that count',
  helloBudget: 'Hellos not looked at: too many were wrong',
  peersFull: 'Peers forgotten: more than are remembered',
  groupRefused: 'Groups refused: none of the bus at this scope',
  unicastRefused: 'Datagrams dropped: to a port that no peer has named',
  copies: 'Datagrams dropped: not by the way of their peer',
  circling: 'Datagrams dropped: crossed too often, or came back',
  hopsSpent: 'Datagrams dropped: crossed 16 times by trunks and the backbone',
  cacheEvicted: 'Packets that were kept for repair, forgotten for newer ones',
  repairsFull: 'Questions left to the publisher: too many packets sent again in a second',
  interestFull: 'Interests not remembered: everything crosses for a while',
  interestRefused: 'Interests not remembered: one peer wants more groups than one may',
  portTaken: 'Ports of peers that others have here',
  tooLarge: 'Datagrams dropped: larger than a network takes',
  noPort: 'Links ended: no private port left',
} as const

export type RelayCounter = keyof typeof RELAY_COUNTERS

export const RELAY_COUNTER_NAMES = Object.keys(RELAY_COUNTERS) as RelayCounter[] // its keys

export class Counters extends Tally<RelayCounter> {
  constructor() {
    super(RELAY_COUNTER_NAMES)
  }
}
