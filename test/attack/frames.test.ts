/** Attacks on a relay's links by the frames of a raw WebSocket client, before and after it has proved itself. */
import { describe, expect, vi } from 'vitest'
import { LINK_MESSAGE_MAX } from '../../bus/core/wire/link.ts'
import { ThinPeer } from '../unit/relay/thin-link.ts'
import { key, open, realm, relayWith, WAIT } from '../unit/relay/world.ts'
import { attack } from './attack.ts'
import { Beside } from './beside.ts'
import { memory } from './memory.ts'
import { frameOf, Op, RawLink, type RawOptions } from './raw-link.ts'

const member: ThinPeer = new ThinPeer({ name: realm, root: key })
/** An outsider's link, and a member's. */
const either: readonly RawOptions[] = [{}, { peer: member }]

/** A relay, the good ones at it, and links that are about to do wrong. */
async function siege(limits: Parameters<typeof relayWith>[0] = {}) {
  const relay = await relayWith(limits)
  const beside = await Beside.at(relay.url)
  const linked = async (options: RawOptions): Promise<RawLink> => {
    const link = await RawLink.open(relay.url, options)
    open.push(link)
    return link
  }
  const calm = async (): Promise<void> => {
    await vi.waitFor(() => expect(relay.stats().links).toBe(2), WAIT)
    await beside.goesOn()
  }
  return { relay, linked, calm }
}

/** Each of the wrongs by a link of its own, of an outsider and of a member, ends with this code. */
async function ends(code: number, wrongs: Readonly<Record<string, readonly Buffer[]>>) {
  const { relay, linked, calm } = await siege()
  const before = memory()
  for (const [name, frames] of Object.entries(wrongs)) {
    for (const options of either) {
      const link = await linked(options)
      for (const frame of frames) link.raw(frame)
      expect([name, await link.ended()]).toEqual([name, code])
    }
  }
  await calm()
  expect(relay.stats().malformed).toBe(2 * Object.keys(wrongs).length)
  open.splice(3) // all but the relay and the good ones
  expect(memory() - before).toBeLessThan(MEMORY_MAX)
}

const byte = Uint8Array.of(0)

describe('the frames of a link', () => {
  attack(
    'that break the rules of WebSocket',
    { by: 'outsider', holds: 'the link ends with 1002, others go on' },
    () =>
      ends(1002, {
        'no mask': [frameOf(Op.binary, byte, { unmasked: true })],
        ...each('reserved bit', [1, 2, 4, 7], (reserved) => frameOf(Op.binary, byte, { reserved })),
        ...each('opcode', [3, 4, 5, 6, 7, 11, 12, 13, 14, 15], (op) => frameOf(op, byte)),
        ...each('in parts', [Op.close, Op.ping, Op.pong], (op) =>
          frameOf(op, Uint8Array.of(3, 232), { more: true }),
        ),
        ...each('too long', [Op.close, Op.ping, Op.pong], (op) => frameOf(op, new Uint8Array(126))),
        'a part of nothing': [frameOf(Op.cont, byte)],
        'a message within another': [
          frameOf(Op.binary, byte, { more: true }),
          frameOf(Op.text, byte),
        ],
      }),
  )

  attack(
    'that close with codes that mean nothing',
    { by: 'outsider', holds: 'the link ends with 1002, others go on' },
    () =>
      ends(1002, {
        'half a code': [frameOf(Op.close, byte)],
        ...each('code', [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535], (code) =>
          frameOf(Op.close, Uint8Array.of(code >> 8, code & 255)),
        ),
      }),
  )

  attack(
    'with text that is no UTF-8',
    { by: 'outsider', holds: 'the link ends with 1007, others go on' },
    () => {
      // A byte that never stands there, a cut one, an overlong one, half a pair, beyond the end.
      const bad = [[0xff], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]
      return ends(1007, {
        ...each('text', bad, (bytes) => frameOf(Op.text, Uint8Array.from(bytes))),
        ...each('reason', bad, (bytes) => frameOf(Op.close, Uint8Array.of(3, 232, ...bytes))),
        'cut between parts': [
          frameOf(Op.text, Uint8Array.of(0xc3), { more: true }),
          frameOf(Op.cont, Uint8Array.of(0x28)),
        ],
      })
    },
  )

  attack(
    'that are too large, or say so',
    { by: 'outsider', holds: 'the link ends with 1009 before it is kept, others go on' },
    () =>
      ends(1009, {
        'a byte too many': [frameOf(Op.binary, new Uint8Array(LINK_MESSAGE_MAX + 1))],
        'a byte too many in two parts': [
          frameOf(Op.binary, new Uint8Array(LINK_MESSAGE_MAX), { more: true }),
          frameOf(Op.cont, byte),
        ],
        ...each('only the head of', [65_537n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n], (claims) =>
          frameOf(Op.binary, new Uint8Array(0), { claims }),
        ),
      }),
  )

  attack(
    'of a hundred thousand parts',
    { by: 'outsider', holds: 'the link ends with 1008, others go on' },
    () => {
      const parts = (size: number): Buffer[] => {
        const part = frameOf(Op.cont, new Uint8Array(size), { more: true })
        return [
          frameOf(Op.binary, new Uint8Array(size), { more: true }),
          Buffer.concat(Array<Buffer>(99_999).fill(part)),
        ]
      }
      return ends(1008, { 'of one byte': parts(1), 'of none': parts(0) })
    },
  )

  attack(
    'that are text, or no records',
    { by: 'outsider', holds: 'the link ends with 4400, others go on' },
    () =>
      ends(4400, {
        text: [frameOf(Op.text, Buffer.from('hello'))],
        'no records': [frameOf(Op.binary, new Uint8Array(9).fill(255))],
      }),
  )

  attack(
    'in a flood of pings, pongs and messages without a record',
    {
      by: 'outsider',
      holds: 'they are read at the rate of a link, few are answered, others go on',
    },
    async () => {
      const { relay, linked, calm } = await siege({ limits: { bytesPerSecond: 1_000_000 } })
      for (const op of [Op.ping, Op.pong, Op.binary]) {
        for (const options of either) {
          const before = relay.stats().throttled
          const link = await linked(options)
          link.raw(Buffer.concat(Array<Buffer>(FLOOD).fill(frameOf(op, new Uint8Array(0)))))
          await vi.waitFor(() => expect(relay.stats().throttled).toBeGreaterThan(before), WAIT)
          await link[Symbol.asyncDispose]()
          await calm()
          expect(link.pongs).toBeLessThan(FLOOD / 1000)
        }
      }
    },
  )

  attack(
    'of somebody who has broken the rules and does not hang up',
    { by: 'outsider', holds: 'the relay hangs up' },
    async () => {
      const { linked, calm } = await siege()
      for (const options of either) {
        const link = await linked({ ...options, clings: true })
        link.frame(Op.binary, byte, { unmasked: true })
      }
      await calm()
    },
  )

  attack(
    'that might be compressed',
    { by: 'outsider', holds: 'no compression is agreed on, and what is compressed ends the link' },
    async () => {
      const { linked, calm } = await siege()
      for (const options of either) {
        const extensions = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'
        const link = await linked({ ...options, headers: [extensions] })
        expect(link.head).toMatch(/^HTTP\/1.1 101/)
        expect(link.head).not.toMatch(/extensions/i)
        link.frame(Op.binary, byte, { reserved: 4 })
        expect(await link.ended()).toBe(1002)
      }
      await calm()
    },
  )
})

function each<T>(
  name: string,
  values: readonly T[],
  frame: (value: T) => Buffer,
): Record<string, readonly Buffer[]> {
  return Object.fromEntries(values.map((value) => [`${name} ${String(value)}`, [frame(value)]]))
}

const FLOOD = 100_000
/** Of heap and buffers: noise of the test's own, far below what a hundred thousand parts take. */
const MEMORY_MAX = 5_000_000
