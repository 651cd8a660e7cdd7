/** Tells the realm which topic each stream of this peer carries: signed pages of bindings. */
import { bytesOf64, concat } from '../../bytes.ts'
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
  readonly #due = new Set<SenderStream>()
  readonly #announcedAt = new Map<SenderStream, number>()

  constructor(context: Context, control: ControlOut) {
    this.#context = context
    this.#control = control
  }

  /** A stream has been opened: it is announced with the next `announce`. */
  add(stream: SenderStream): void {
    this.#due.add(stream)
  }

  /** Somebody asks for a stream's binding; one that has just been sent is not sent again. */
  addAgain(now: number, stream: SenderStream): void {
    const announced = this.#announcedAt.get(stream) ?? -Infinity
    if (now - announced < AGAIN_MS) return
    this.#due.add(stream)
    this.#context.timers.setBefore('announce', now)
  }

  /** Somebody asks for the bindings of some streams. */
  onWant(now: number, streams: readonly SenderStream[], { first, count }: Want): void {
    const last = Math.min(first + count - 1, streams.length)
    for (let number = Math.max(1, first); number <= last; number++) {
      this.addAgain(now, streams[number - 1]!)
    }
  }

  /** Sends a few pages; the `announce` timer brings the rest. */
  announce(now: number): void {
    for (let page = 0; page < PAGES_AT_ONCE && this.#due.size > 0; page++) this.#page(now)
    if (this.#due.size > 0) this.#context.timers.setBefore('announce', now + PAGES_MS)
  }

  #page(now: number): void {
    const writer = new Writer(this.#control.room - SIGNATURE_SIZE - PAGE_HEAD_SIZE)
    let count = 0
    for (const stream of this.#due) {
      const entry = this.#bindingOf(now, stream)
      if (writer.room < BINDING_HEAD_SIZE + entry.sealedName.length) break
      writeBinding(writer, entry)
      this.#due.delete(stream)
      this.#announcedAt.set(stream, now)
      count += 1
    }
    const head = new Writer(varintSize(count)).varint(count).written
    const entries = concat(head, writer.written)
    const { self, controlGroup } = this.#context
    this.#context.sign(BINDINGS_LABEL, [bytesOf64(self.instance), entries], (_now, signature) => {
      this.#control.addBody(controlGroup, ControlType.bindings, concat(entries, signature))
    })
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
const PAGES_AT_ONCE = 8
const PAGES_MS = 5
const PAGE_HEAD_SIZE = 8
const BINDING_HEAD_SIZE = 32
