/** What leaves at the end of a turn: together, and put together once for all that are told the same. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { LinkOutbox } from '../../../bus/io/link-outbox.ts'
import { RelayTurns } from '../../../relay/turns.ts'
import { counting } from '../core/crypto.ts'

class FakeSocket {
  readonly sent: Uint8Array[] = []
  bufferedAmount = 0

  send(message: Uint8Array): void {
    this.sent.push(message)
    this.bufferedAmount += message.length
  }
}

function boxes(count: number, size = 1000): { sockets: FakeSocket[]; outboxes: LinkOutbox[] } {
  const turns = new RelayTurns()
  const sockets = Array.from({ length: count }, () => new FakeSocket())
  const outboxes = sockets.map((socket) => new LinkOutbox(socket, () => size, turns))
  return { sockets, outboxes }
}

describe('the links of a relay', () => {
  it('that are told the same in a turn share one message, others have their own', async () => {
    const { sockets, outboxes } = boxes(4)
    const [one, two, three] = [counting(10), counting(20), counting(10)]
    for (const outbox of outboxes.slice(0, 3)) {
      outbox.push(one)
      outbox.push(two)
    }
    // The same bytes, and another record all the same.
    outboxes[3]!.push(three)
    outboxes[3]!.push(two)
    expect(sockets.map(({ sent }) => sent.length)).toEqual([0, 0, 0, 0])
    await turn()
    const [a, b, c, d] = sockets.map(({ sent }) => sent[0])
    expect(Buffer.from(a!)).toEqual(Buffer.concat([one, two]))
    expect([b === a, c === a, d === a]).toEqual([true, true, false])
    expect(Buffer.from(d!)).toEqual(Buffer.from(a!))
    outboxes[0]!.push(one)
    outboxes[0]!.push(two)
    await turn()
    // A later turn has forgotten it.
    expect(sockets[0]!.sent[1] === a).toBe(false)
    expect(sockets[0]!.sent).toHaveLength(2)
  })

  it('drop what finds no room, in a turn and beyond it, and never what is pushed', async () => {
    const { sockets, outboxes } = boxes(1, 100)
    const [outbox] = outboxes
    const offers = [60, 40, 1].map((size) => outbox!.offer(counting(size)))
    outbox!.push(counting(5))
    expect(offers).toEqual([true, true, false])
    expect(outbox!.waiting).toBe(105)
    await turn()
    expect(sockets[0]!.bufferedAmount).toBe(105)
    expect(outbox!.offer(counting(1))).toBe(false)
    sockets[0]!.bufferedAmount = 99
    expect([1, 1].map((size) => outbox!.offer(counting(size)))).toEqual([true, false])
  })
})
