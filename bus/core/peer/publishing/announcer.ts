/** Tells the realm which topic each stream of this peer carries: signed pages of bindings. */
import { bytesOf64, concat } from '../../bytes.ts'
import type { Endpoint } from '../../output.ts'
import type { Context } from '../context.ts'
import type { ControlOut } from '../control.ts'
import { BINDINGS_LABEL, modeOf } from '../binding.ts'
import type { SenderStream } from '../../stream/sender.ts'
import { utf8 } from '../../text.ts'
import { type BindingEntry, ControlType, type Want, writeBinding } from '../../wire/control.ts'
import { Writer } from '../../wire/cursor.ts'
import { SIGNATURE_SIZE } from '../../wire/hello.ts'
import { varintSize } from '../../wire/varint.ts'

export class Announcer {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #streams: () => readonly SenderStream[]
  readonly #everybody: readonly string[]
  readonly #due = new Set<SenderStream>()
  /** Due when they have not been announced for a while, and when to look. */
  readonly #later = new Set<SenderStream>()
  #laterAt = Infinity
  readonly #announcedAt = new Map<SenderStream, number>()
  /** Those who have just got a hello alone, and when they are told. */
  readonly #newcomers: (string | Endpoint)[] = []
  #newcomersAt = Infinity

  constructor(context: Context, control: ControlOut, streams: () => readonly SenderStream[]) {
    this.#context = context
    this.#control = control
    this.#streams = streams
    this.#everybody = [context.controlGroup]
  }

  /** A stream has been opened: it is announced with the next `announce`. */
  add(stream: SenderStream): void {
    this.#due.add(stream)
  }

  /** Tells those who get a hello the bindings unasked: of what was said before it nothing counts. */
  welcome(now: number, to: readonly (string | Endpoint)[]): void {
    const streams = this.#few
    if (streams.length === 0) return
    if (to.includes(this.#context.controlGroup)) {
      for (const stream of streams) this.#due.add(stream)
      return this.#context.timers.setBefore('announce', now)
    }
    this.#newcomers.push(...to)
    this.#newcomersAt = Math.min(this.#newcomersAt, now + AFTER_HELLO_MS)
    this.#context.timers.setBefore('announce', this.#newcomersAt)
  }

  /** Tells everybody once more: somebody may not know them. */
  repeat(now: number): void {
    for (const stream of this.#few) this.#addAgain(now, stream)
  }

  /** Somebody asks for the bindings of some streams. */
  onWant(now: number, { first, count }: Want): void {
    const streams = this.#streams()
    const last = Math.min(first + count - 1, streams.length)
    for (let number = Math.max(1, first); number <= last; number++) {
      this.#addAgain(now, streams[number - 1]!)
    }
  }

  /** Sends a few pages; the `announce` timer brings the rest. */
  announce(now: number): void {
    if (now >= this.#laterAt) this.#look(now)
    for (let page = 0; page < PAGES_AT_ONCE && this.#due.size > 0; page++) {
      for (const stream of this.#page(now, this.#due, this.#everybody))
        this.#announcedAt.set(stream, now)
    }
    if (now >= this.#newcomersAt) this.#tellNewcomers(now)
    const moreAt = this.#due.size > 0 ? now + PAGES_MS : Infinity
    const next = Math.min(moreAt, this.#newcomersAt, this.#laterAt)
    if (next < Infinity) this.#context.timers.setBefore('announce', next)
  }

  #tellNewcomers(now: number): void {
    const left = new Set(this.#few)
    while (left.size > 0) this.#page(now, left, [...this.#newcomers])
    this.#newcomers.length = 0
    this.#newcomersAt = Infinity
  }

  /** All streams, unless they are many. */
  get #few(): readonly SenderStream[] {
    const streams = this.#streams()
    return streams.length > UNASKED_MAX ? [] : streams
  }

  /** One that has just been sent is sent again in a moment. */
  #addAgain(now: number, stream: SenderStream): void {
    this.#later.add(stream)
    this.#laterAt = Math.min(this.#laterAt, Math.max(now, this.#againAt(stream)))
    this.#context.timers.setBefore('announce', this.#laterAt)
  }

  #look(now: number): void {
    this.#laterAt = Infinity
    for (const stream of this.#later) {
      const at = this.#againAt(stream)
      if (at > now) {
        this.#laterAt = Math.min(this.#laterAt, at)
        continue
      }
      this.#later.delete(stream)
      this.#due.add(stream)
    }
  }

  #againAt(stream: SenderStream): number {
    return (this.#announcedAt.get(stream) ?? -Infinity) + AGAIN_MS
  }

  /** Sends what fits one page, takes it out of `left`, and returns it. */
  #page(
    now: number,
    left: Set<SenderStream>,
    to: readonly (string | Endpoint)[],
  ): readonly SenderStream[] {
    const writer = new Writer(this.#control.room - SIGNATURE_SIZE - PAGE_HEAD_SIZE)
    const page: SenderStream[] = []
    for (const stream of left) {
      const entry = this.#bindingOf(now, stream)
      if (writer.room < BINDING_HEAD_SIZE + entry.sealedName.length) break
      writeBinding(writer, entry)
      left.delete(stream)
      page.push(stream)
    }
    const head = new Writer(varintSize(page.length)).varint(page.length).written
    const entries = concat(head, writer.written)
    const about = bytesOf64(this.#context.self.instance)
    this.#context.sign(BINDINGS_LABEL, [about, entries], (_now, signature) => {
      const body = concat(entries, signature)
      for (const one of to) this.#control.addBody(one, ControlType.bindings, body)
    })
    return page
  }

  #bindingOf(now: number, stream: SenderStream): BindingEntry {
    const { options, openedAt } = stream
    return {
      stream: options.stream,
      tag: options.tag,
      mode: modeOf({
        delivery: options.delivery,
        paced: options.flow !== undefined,
        proof: options.proofRule,
        shared: options.shares !== undefined,
      }),
      packetSize: options.packetSize,
      ageMs: Math.floor(now - openedAt),
      sealedName: this.#context.keys.sealName(options.tag, utf8(options.topic)),
    }
  }
}

const AGAIN_MS = 50
/** Streams that are announced unasked: a few packets. */
export const UNASKED_MAX = 64
/** Who gets a packet of a stranger by unicast takes it for one whom no multicast reaches. */
const AFTER_HELLO_MS = 5
const PAGES_AT_ONCE = 8
const PAGES_MS = 5
const PAGE_HEAD_SIZE = 8
const BINDING_HEAD_SIZE = 32
