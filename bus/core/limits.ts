/**
 * Every bound of the bus, with its default and its reason; each one has a counter for when it is
 * hit. Sizes in bytes, times in milliseconds.
 */
export interface Limits {
  /** Largest message. A larger one is refused with TOO_LARGE. */
  readonly messageSize: number
  /** Sealed bytes waiting for the pacer above which `ready` is pending. */
  readonly sendMark: number
  /**
   * Bytes waiting for the pacer above which `publish` throws OVERFLOW, once `sendMark` is passed;
   * urgent messages may go `messageSize` beyond it.
   */
  readonly sendSize: number
  /** Packets kept for repair and for those who attach late, per process: bytes. */
  readonly historySize: number
  /** The same: age. */
  readonly historyAge: number
  /** Packets kept beyond that because their topic retains its last messages, per process: bytes. */
  readonly retainSize: number
  /** Streams (topics published) of one process; also remembered of one other instance. */
  readonly streams: number
  /** Streams remembered of all other instances together. */
  readonly bindings: number
  /** The same of all instances of one identity. */
  readonly memberBindings: number
  /** Subscriptions of one process. */
  readonly subscriptions: number
  /** Questions of this process that are under way. */
  readonly requests: number
  /** Questions of others that this process answers at the same time. */
  readonly answering: number
  /** Bytes of answers that wait for the consumers of all gatherings, per process. */
  readonly repliesSize: number
  /** Variables that one process exposes; also taken of another one's answer. */
  readonly variables: number
  /** Largest value of a variable. */
  readonly variableSize: number
  /** Values of others that are kept for fetches that take old ones, per process: bytes. */
  readonly knownSize: number
  /** Bytes of messages that wait for the consumers of all subscriptions, per process. */
  readonly queueSize: number
  /** Instances remembered. */
  readonly peers: number
  /** Receivers that one stream remembers for the lingering close. */
  readonly receivers: number
  /** Streams that give subscriptions what was there before them, at the same time. */
  readonly replays: number
  /** Bytes that a topic with flow control is sent beyond the cursor of its slowest receiver. */
  readonly flowWindow: number
  /** How long a receiver may hold it up without coming further. */
  readonly flowPatience: number
  /** How long a missing packet is asked for before it is reported as lost. */
  readonly repairAge: number
  /** Packets of one stream waiting for an earlier one. */
  readonly reorderPackets: number
  /** Bytes waiting for an earlier packet, per process. */
  readonly reorderSize: number
  /** Packets kept to mend others of their block with parity, per process: bytes. */
  readonly blocksSize: number
  /** Bytes of large messages that have not come completely, per process. */
  readonly assemblySize: number
  /** Packets of unknown instances waiting for their hello. */
  readonly quarantinePackets: number
  /** The same: bytes. */
  readonly quarantineSize: number
  /** The same: how long one waits. */
  readonly quarantineAge: number
  /** Hellos a second that fail to open before further ones are dropped unread. */
  readonly failedHellos: number
  /** The same of one source address. */
  readonly failedHellosBySource: number
  /** Hellos a second that unknown instances may make this peer send. */
  readonly askedHellos: number
  /** Endpoints that this peer says hello to by unicast. */
  readonly namedPeers: number
  /** Peers that are reached by unicast where multicast does not reach them. */
  readonly unicastPeers: number
  /** Groups of which one of them may say that it wants them. */
  readonly unicastGroups: number
  /** Endpoints that others have told of, in half a minute; half as many of one of them. */
  readonly toldPeers: number
  /** How long a peer whose own way to the others is gone takes nobody for gone. */
  readonly outage: number
  /** Signatures in work (asked for, not answered). */
  readonly signatures: number
  /** Control records waiting to be sent, bytes. */
  readonly controlSize: number
  /** Largest answer to a question. */
  readonly answerSize: number
  /** Answers that wait to be sent or acknowledged, per process: bytes. */
  readonly answersSize: number
  /** Answers that come and are not complete, or wait for an earlier one, per process: bytes. */
  readonly answersHeldSize: number
  /** Copies of messages that may still have to be given to a member of a group, per process: bytes. */
  readonly shareSize: number
  /** How long an answer is sent again while nobody acknowledges it; who asks waits twice as long. */
  readonly answerAge: number
}

export const defaultLimits: Limits = {
  // It is held in memory whole at both ends; what is larger is a file.
  messageSize: 64 * 1024 * 1024,
  // About 0.2 s of the default pace: enough to keep it busy, little to lose.
  sendMark: 1024 * 1024,
  // Bursts of small messages; one large message may go beyond it.
  sendSize: 16 * 1024 * 1024,
  // What can be sent again, to those who lost it or attach late; one
  // whole message of the largest size, and more. At the default rate the age bounds it at half.
  historySize: 96 * 1024 * 1024,
  historyAge: 10_000,
  // A thousand topics with a last value of 32 KiB each, or one with a log of many.
  retainSize: 32 * 1024 * 1024,
  streams: 16_384,
  bindings: 65_536,
  // 5 KB each where somebody subscribes to them: one member takes 32 MB at most.
  memberBindings: 6000,
  subscriptions: 16_384,
  // A program that has so many open and goes on asking has lost sight of them.
  requests: 4096,
  // Handlers that wait for something, as a disk or another question; each holds little.
  answering: 1024,
  // A thousand answers of 64 KiB to one question.
  repliesSize: 64 * 1024 * 1024,
  // Several for each thing that a process looks after; all of them fit one answer of parts.
  variables: 4096,
  // A thousand peers may be asked at once: what is larger is a file.
  variableSize: 64 * 1024,
  // A thousand peers with a dozen small values each.
  knownSize: 8 * 1024 * 1024,
  // A few of the largest messages, or half a million small ones.
  queueSize: 256 * 1024 * 1024,
  peers: 1024,
  receivers: 1024,
  // As many as streams are known: one subscription to all of them gets all their histories.
  replays: 65_536,
  // At the default rate 13 ms, about what a cursor needs to come.
  flowWindow: 64 * 1024,
  // As long as a peer that says nothing counts as present.
  flowPatience: 5000,
  // As long as its publisher may still have it.
  repairAge: 10_000,
  reorderPackets: 8192,
  reorderSize: 16 * 1024 * 1024,
  // A hundred blocks: all that is under way to one receiver for a second and more.
  blocksSize: 8 * 1024 * 1024,
  // Two of the largest messages under way at once.
  assemblySize: 128 * 1024 * 1024,
  // Only unauthenticated state there is: 256 KiB in all.
  quarantinePackets: 256,
  quarantineSize: 256 * 1024,
  quarantineAge: 1000,
  // Opening one costs 3 us, with the slowest secretbox 30; a wrong signature counts as a hundred.
  // On one host all share a source: a low bound would let any user there keep newcomers out.
  failedHellos: 10_000,
  failedHellosBySource: 5000,
  askedHellos: 20,
  // A site that is named in full; each greeting is one packet.
  namedPeers: 256,
  // Each of them is a copy of everything: what is more is for a relay.
  unicastPeers: 32,
  // 0.5 MB for each; who wants more gets everything.
  unicastGroups: 4096,
  // All that two peers reach; each is greeted three times.
  toldPeers: 64,
  // A relay that starts anew, a cable that is pulled and plugged in again.
  outage: 60_000,
  signatures: 256,
  controlSize: 1024 * 1024,
  // Many may answer one question at once: what is larger is a file, or several answers.
  answerSize: 1024 * 1024,
  answersSize: 16 * 1024 * 1024,
  answersHeldSize: 16 * 1024 * 1024,
  // What 256 members are given at once of 256 bytes each, as long as they work on it.
  shareSize: 16 * 1024 * 1024,
  // As long as a message that was lost is asked for.
  answerAge: 10_000,
}
