/**
 * The asking half of a peer: takes answers to what it has asked, and acknowledges them.
 *
 * A direct packet counts when it opens under the key that follows from this peer's own key of the
 * stream it names, and the answerer's identity. Acknowledgements are gathered for a moment: a few
 * go to their answerers, many as few packets to the group of the topic that was asked on.
 */
import type { Context, Remote } from '../context.ts'
import type { ControlOut } from '../control.ts'
import { Incoming } from './incoming.ts'
import { EpochKey, type TopicKey } from '../../seal/epochs.ts'
import { ReplayWindow } from '../../seal/replay.ts'
import type { SenderStream } from '../../stream/sender.ts'
import { type AnsweredEntry, ENTRY_SIZE_MAX, RUN_SIZE_MAX } from '../../wire/answered.ts'
import { CONTROL_HEAD_SIZE_MAX } from '../../wire/control.ts'
import { readDirect } from '../../wire/direct.ts'
import { addToRuns, type Run } from '../../wire/gone.ts'
import type { Header } from '../../wire/packet.ts'

/** One instance that answers. */
interface Source {
  window: ReplayWindow
  readonly incoming: Incoming
  readonly keyByStream: Map<number, TopicKey>
}

/** What one answerer is to be told. */
interface Owed {
  readonly remote: Remote
  readonly numbers: Set<number>
  /** All of it had come before: an acknowledgement may have been lost. */
  again: boolean
}

export class Questions {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #streams: readonly SenderStream[]
  readonly #sources = new Map<bigint, Source>()
  /** Those of them who are here no more, the first to go first. */
  readonly #gone = new Set<bigint>()
  readonly #pool = { size: 0 }
  readonly #owedByStream = new Map<SenderStream, Map<bigint, Owed>>()

  constructor(
    context: Context,
    parts: { readonly control: ControlOut; readonly streams: readonly SenderStream[] },
  ) {
    this.#context = context
    this.#control = parts.control
    this.#streams = parts.streams
  }

  /** Bytes of answers that have not come completely, or wait for an earlier one. */
  get heldSize(): number {
    return this.#pool.size
  }

  /** A direct packet of an instance that is here. */
  onPacket(
    now: number,
    remote: Remote,
    { header, packet }: { readonly header: Header; readonly packet: Uint8Array },
  ): void {
    const stream = this.#streams[header.stream - 1]
    const source = this.#sources.get(remote.instance)
    if (!stream || header.number === 0) return this.#context.reject('forged')
    if (source?.window.check(header.number) === 'replayed') {
      this.#context.metrics.count('replayed')
      return this.#owe(now, stream, { remote, number: header.number, again: true })
    }
    const body = this.#open(now, remote, { stream, header, packet })
    const direct = body && readDirect(body, header)
    if (!body) return
    if (!direct) return this.#context.reject('malformed')
    const { topic } = stream.options
    const { window, incoming } = this.#sourceOf(remote)
    const fate = incoming.take(now, { ...direct, flags: header.flags, topic })
    if (fate === 'malformed') return this.#context.reject('malformed')
    if (fate === 'refused') return
    window.accept(header.number)
    this.#owe(now, stream, { remote, number: header.number, again: fate === 'known' })
  }

  /** The `answered` timer: acknowledges what has come. */
  onTimer(): void {
    for (const [stream, owed] of this.#owedByStream) this.#acknowledge(stream, [...owed.values()])
    this.#owedByStream.clear()
  }

  /** Called every now and then. */
  housekeep(now: number): void {
    for (const { incoming } of this.#sources.values()) if (incoming.held > 0) incoming.expire(now)
  }

  /** An instance has gone. What it has said already is remembered: it may come back. */
  forget(instance: bigint): void {
    const source = this.#sources.get(instance)
    if (!source) return
    source.incoming.end()
    source.window = new ReplayWindow()
    source.keyByStream.clear()
    this.#gone.add(instance)
    if (this.#gone.size <= GONE_MAX) return
    for (const first of this.#gone) {
      this.#gone.delete(first)
      this.#sources.delete(first)
      return
    }
  }

  #open(
    now: number,
    remote: Remote,
    {
      stream,
      header,
      packet,
    }: { readonly stream: SenderStream; readonly header: Header; readonly packet: Uint8Array },
  ): Uint8Array | undefined {
    const { epochs, sealer } = this.#context
    const { topic, segments } = stream.options
    const keys = epochs.at(header.epoch)
    const key = keys?.opens(topic) ? this.#keyOf(remote, stream) : undefined
    const directKey = keys && key?.of(keys)
    const body = directKey && sealer.open(packet, directKey)
    if (!body) {
      this.#context.reject('forged')
      return undefined
    }
    epochs.heard(now, keys)
    // Whoever must not read the question has nothing to say to it.
    if (remote.rights?.allows('subscribe', segments) !== false) return body
    this.#context.reject('denied')
    return undefined
  }

  /** What does not open is of nobody: only what does makes its sender a source. */
  #keyOf(remote: Remote, { options }: SenderStream): TopicKey {
    const known = this.#sources.get(remote.instance)?.keyByStream
    let key = known?.get(options.stream)
    if (key) return key
    const { self } = this.#context
    key = new EpochKey((keys) => keys.directKeyIn(self, options.topic, remote.sender))
    if (known && known.size >= KEYS_MAX) known.clear()
    known?.set(options.stream, key)
    return key
  }

  #sourceOf({ instance }: Remote): Source {
    let source = this.#sources.get(instance)
    if (!source) {
      const { limits, metrics } = this.#context
      const incoming = new Incoming({
        limits,
        pool: this.#pool,
        count: (name) => metrics.count(name),
        deliver: (topic, payload) => {
          this.#context.emit({ type: 'answer', from: instance, topic, payload })
        },
      })
      source = { window: new ReplayWindow(), incoming, keyByStream: new Map() }
      this.#sources.set(instance, source)
    }
    this.#gone.delete(instance)
    return source
  }

  #owe(
    now: number,
    stream: SenderStream,
    { remote, number, again }: Pick<Owed, 'remote' | 'again'> & { readonly number: number },
  ): void {
    const { instance } = remote
    let owed = this.#owedByStream.get(stream)
    if (!owed) this.#owedByStream.set(stream, (owed = new Map()))
    const known = owed.get(instance)
    if (known?.remote === remote) {
      known.numbers.add(number)
      known.again &&= again
    } else owed.set(instance, { remote, numbers: new Set([number]), again })
    if (known && known.numbers.size >= GATHER_MAX) return this.onTimer()
    this.#context.timers.setBefore('answered', now + GATHER_MS)
  }

  #acknowledge(stream: SenderStream, all: readonly Owed[]): void {
    const { roster } = this.#context
    const owed = all.filter(({ remote }) => roster.get(remote.instance) === remote)
    const news = owed.filter(({ again }) => !again)
    const again = owed.filter((one) => one.again)
    // Whoever has left the group hears no acknowledgement there, and asks for it again.
    const toAll = [...(news.length > FEW ? news : []), ...(again.length > FEW_AGAIN ? again : [])]
    this.#say(stream.options.group, toAll)
    for (const one of owed) if (!toAll.includes(one)) this.#say(one.remote.endpoint, [one])
  }

  /** In records that fit a packet each. */
  #say(to: string | Remote['endpoint'], owed: readonly Owed[]): void {
    const room = this.#control.room - CONTROL_HEAD_SIZE_MAX - ENTRY_SIZE_MAX
    let entries: AnsweredEntry[] = []
    let size = 0
    const send = (): void => {
      if (entries.length > 0) this.#control.add(to, { type: 'answered', entries })
      entries = []
      size = 0
    }
    for (const { remote, numbers } of owed) {
      const runs = runsOf(numbers)
      for (let at = 0; at < runs.length; at += RUNS_MAX) {
        const some = runs.slice(at, at + RUNS_MAX)
        const more = ENTRY_SIZE_MAX + some.length * RUN_SIZE_MAX
        if (size + more > room) send()
        entries.push({ answerer: remote.instance, runs: some })
        size += more
      }
    }
    send()
  }
}

function runsOf(numbers: ReadonlySet<number>): Run[] {
  const runs: Run[] = []
  for (const number of [...numbers].toSorted((a, b) => a - b)) addToRuns(runs, number)
  return runs
}

/** Acknowledgements are gathered for so long, and so many of one answerer. */
const GATHER_MS = 5
const GATHER_MAX = 1024
/** So many answerers are told one by one; and so many of those that have asked again. */
const FEW = 8
const FEW_AGAIN = 32
/** Runs of one entry, such that an entry always fits a packet. */
const RUNS_MAX = 64
/** Keys of one answerer that are remembered. */
const KEYS_MAX = 64
/** Instances that have gone and might send again what has come. */
const GONE_MAX = 16_384
