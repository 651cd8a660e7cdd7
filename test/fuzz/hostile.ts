/** What a hostile member sends: correct keys, contents that lie about everything. */
import { concat } from '../../bus/core/bytes.ts'
import { type ControlRecord, ControlType } from '../../bus/core/wire/control.ts'
import { Writer } from '../../bus/core/wire/cursor.ts'
import { NAK_SPAN } from '../../bus/core/wire/nak.ts'
import { Flag } from '../../bus/core/wire/packet.ts'
import { LEAF_SIZE } from '../../bus/core/wire/signed.ts'
import { writeFragmentPrefix, writePrefix, writeRecord } from '../../bus/core/wire/record.ts'
import type { Random } from '../../bus/testing/random.ts'
import { VARINT_MAX } from '../../bus/core/wire/varint.ts'
import { controlBytes, rawControl } from '../unit/core/wire/any.ts'
import { hostileAnswer } from './hostile-answers.ts'
import type { Announced, Member } from './member.ts'
import type { Target } from './target.ts'

/** Small as a rule, at or beyond an edge often enough. */
function oddNumber(random: Random, usual = 64): number {
  if (random.chance(0.7)) return random.integer(0, usual)
  return random.pick([0, 1, 63, 64, 16_384, 2 ** 31, 2 ** 32, 2 ** 40, VARINT_MAX - 64, VARINT_MAX])
}

export function hostilePacket(random: Random, member: Member, target: Target): Uint8Array {
  const roll = random.unit()
  if (roll < 0.1) return hostileHello(random, member, target)
  if (roll < 0.16) return member.control(announcement(random, member))
  if (roll < 0.4) return hostileControl(random, member, target)
  if (roll < 0.45) return hostileParity(random, member)
  if (roll < 0.5) return hostileAnswer(random, member, target)
  return hostileData(random, member)
}

/** What makes a member known: the echo of the challenge. */
export function joining(member: Member, target: Target): Uint8Array {
  return member.hello({ echoes: [target.challenge] })
}

function hostileHello(random: Random, member: Member, target: Target): Uint8Array {
  const many = Array.from({ length: 32 }, () => BigInt(random.word()))
  const self = target.peer.instance
  const fresh = { echoes: [target.challenge] }
  switch (random.integer(0, 9)) {
    case 0:
      return member.hello()
    case 1:
      return member.hello({ flags: 2, asked: [self], echoes: many })
    case 2:
      return member.hello({ ...fresh, badSignature: true })
    case 3:
      return member.hello({ ...fresh, stolen: BigInt(random.word()) })
    case 4:
      return member.oddHello(random.bytes(random.integer(0, 400)))
    case 5:
      // Who says goodbye has left for good: that is rare.
      return member.hello({ flags: random.integer(0, 127) * 2, asked: many })
    case 6:
      return random.chance(0.02) ? member.hello({ flags: 1 }) : joining(member, target)
    default:
      return member.hello({
        ...fresh,
        controlNumber: random.chance(0.9) ? member.number : oddNumber(random),
        intervalMs: random.chance(0.995) ? 500 : oddNumber(random),
        port: random.integer(0, 0xffff),
        streamCount: oddNumber(random),
        challenge: BigInt(random.word()),
        name: random.bytes(random.integer(0, 64)),
        tags: [random.bytes(32), random.bytes(5)],
      })
  }
}

/** A page of bindings: mostly right, so that streams come to be. */
function announcement(random: Random, member: Member): Uint8Array {
  const entries = []
  for (let i = random.integer(1, random.chance(0.1) ? 30 : 4); i > 0; i--) {
    const stream = random.chance(0.9) ? random.integer(1, 40) : oddNumber(random)
    const root = random.pick(['plant', 'plant', 'plant', 'other', 'exact'])
    const rest = root === 'plant' ? `${random.integer(0, 50)}/x` : random.integer(0, 9)
    const topic = root === 'exact' ? 'exact/topic' : `${root}/${rest}`
    const usual = random.chance(0.8) ? 0 : random.integer(0, 3)
    const mode = usual | random.pick([0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 32, 48])
    const entry = member.entry(stream, topic, mode)
    const lie = random.integer(0, 40)
    if (lie === 0) entries.push({ ...entry, tag: entry.tag ^ 1n })
    else if (lie === 1) entries.push({ ...entry, sealedName: random.bytes(20) })
    else if (lie === 2) entries.push({ ...entry, ageMs: VARINT_MAX, packetSize: VARINT_MAX })
    else entries.push(entry)
    if (lie > 2 && !member.streams.has(stream) && stream < 2 ** 32) {
      member.streams.set(stream, { topic, mode, number: 0, index: 0 })
    }
  }
  const bad = random.chance(0.03)
  if (random.chance(0.03)) return member.bindings(entries, { count: oddNumber(random) })
  const page = member.bindings(entries, { bad })
  // Many pages in one packet ask for many signature checks at once.
  return random.chance(0.05) ? concat(...Array.from({ length: 20 }, () => page)) : page
}

function hostileControl(random: Random, member: Member, target: Target): Uint8Array {
  // One packet may ask for more answers than a queue holds.
  const storm = random.chance(0.02)
  const count = storm ? 40 : random.integer(1, 3)
  const wave = random.chance(0.5) ? attachment : demand
  const records = Array.from({ length: count }, (_, i) =>
    storm ? wave(random, target, i) : oddRecord(random, target),
  )
  const body = concat(...records)
  const roll = random.unit()
  if (roll < 0.03) member.number += 10_000
  if (roll < 0.05) return member.control(body, Math.max(0, member.number - 9000))
  if (roll < 0.1) return member.control(body, random.integer(1, member.number + 1))
  if (roll < 0.102) return member.control(body, oddNumber(random) % 2 ** 48)
  if (roll < 0.15) return member.control(body.subarray(0, random.integer(0, body.length)))
  return member.control(body)
}

function attachment(random: Random, target: Target): Uint8Array {
  const entries = Array.from({ length: 30 }, (_, i) => {
    const from = random.integer(0, 9)
    const attempt = random.integer(0, 3)
    return { stream: i + 1, ask: 1, from, ageMs: 9000, back: random.integer(0, 50), attempt }
  })
  return controlBytes({ type: 'attach', target: target.peer.instance, entries })
}

/** A question for everything that a stream has ever sent, to the group. */
function demand(random: Random, target: Target, place: number): Uint8Array {
  const missing = new Uint8Array(NAK_SPAN / 8).fill(0xff)
  const about = {
    type: 'nak',
    target: target.peer.instance,
    flags: 0,
    rttUs: 0,
    missed: 0,
    all: 0,
  } as const
  return controlBytes({ ...about, stream: place + 1, first: random.integer(1, 50), missing })
}

function oddRecord(random: Random, target: Target): Uint8Array {
  if (random.chance(0.1)) {
    return rawControl(random.integer(0, 14), random.bytes(random.integer(0, 60)))
  }
  const self = target.peer.instance
  const id = random.chance(0.9) ? self : BigInt(random.word())
  const odd = (): number => oddNumber(random)
  const stream = (): number => (random.chance(0.9) ? random.integer(0, 40) : odd())
  const size = random.chance(0.05) ? 30 : random.integer(0, 4)
  const list = <T>(one: () => T): T[] => Array.from({ length: size }, one)
  const records: readonly (() => ControlRecord)[] = [
    () => ({ type: 'beacon', intervalMs: random.chance(0.995) ? 500 : odd(), streamCount: odd() }),
    () => ({ type: 'want', target: id, first: odd(), count: odd() }),
    () => ({
      type: 'attach',
      target: id,
      entries: list(() => ({
        stream: stream(),
        ask: odd(),
        from: odd(),
        ageMs: odd(),
        back: odd(),
        attempt: odd(),
      })),
    }),
    () => ({
      type: 'started',
      asker: id,
      entries: list(() => ({
        stream: stream(),
        ask: random.integer(1, 60),
        start: odd(),
        wanted: odd(),
        index: odd(),
        head: odd(),
        behind: odd(),
        receivers: odd(),
      })),
    }),
    () => ({
      type: 'heartbeat',
      flags: random.integer(0, 3),
      grttUs: odd(),
      entries: list(() => ({ stream: stream(), head: odd(), index: odd(), receivers: odd() })),
    }),
    () => ({
      type: 'nak',
      target: id,
      flags: random.integer(0, 3),
      rttUs: odd(),
      missed: odd(),
      all: odd(),
      stream: stream(),
      first: random.chance(0.8) ? random.integer(1, 50) : Math.max(1, odd()),
      missing: random.bytes(random.integer(0, 64)),
    }),
    () => ({
      type: 'expired',
      stream: stream(),
      entries: list(() => ({ first: odd(), count: odd() })),
    }),
    () => ({ type: 'oldest', stream: stream(), first: odd(), index: odd() }),
    () => ({ type: 'meet', streams: odd(), attempt: odd(), targets: list(() => id) }),
    () => ({ type: 'met', target: id, streams: odd() }),
    () => {
      const number = odd()
      const entry = { instance: BigInt(number), address: 'fd00::1', port: 5000 }
      if (number % 4 === 3) return { type: 'places', entries: [entry] }
      return { type: 'reach', target: id, multicast: number % 2 === 0, token: id, echo: 0n }
    },
    () => ({
      type: 'answered',
      entries: list(() => ({
        answerer: id,
        runs: [{ first: odd(), count: odd() }],
      })),
    }),
    () => ({
      type: 'cursor',
      target: id,
      entries: list(() => ({ stream: stream(), next: odd(), lost: odd() })),
    }),
    () => ({ type: 'beacon', intervalMs: 500, streamCount: random.integer(0, 9) }),
  ]
  if (random.chance(0.02)) {
    const huge = new Writer(24).uint64(self).varint(odd()).varint(VARINT_MAX).written
    return rawControl(random.pick([ControlType.attach, ControlType.started]), huge)
  }
  return controlBytes(random.pick(records)())
}

function hostileData(random: Random, member: Member): Uint8Array {
  const known = [...member.streams.keys()]
  const stream = known.length > 0 && random.chance(0.97) ? random.pick(known) : oddNumber(random)
  const place: Announced = member.streams.get(stream) ?? {
    topic: 'plant/unknown',
    mode: 0,
    number: 0,
    index: 0,
  }
  const number = nextNumber(random, place)
  const wire = stream % 2 ** 32
  if (place.mode >= 16 && random.chance(0.4)) return signedData(random, member, { wire, number })
  const large = random.chance(unfinished.has(place) ? 0.9 : 0.2)
  if (large) return member.data(wire, number, fragment(random, place))
  const body = random.chance(0.05)
    ? random.bytes(random.integer(0, 60))
    : recordsBody(random, place)
  return member.data(wire, number, { flags: random.chance(0.98) ? 0 : 0xfe, body })
}

/** Mostly well signed; what it vouches for has not been sent so. */
function signedData(
  random: Random,
  member: Member,
  { wire, number }: { readonly wire: number; readonly number: number },
): Uint8Array {
  const place = member.streams.get(wire)
  const count = random.chance(0.7) ? random.integer(0, 3) : random.pick([0, 63, 64, 65])
  const leaves = Array.from({ length: count }, () => random.bytes(LEAF_SIZE))
  const content = place && random.chance(0.7) ? recordsBody(random, place) : EMPTY
  const stranger = random.chance(0.1) ? { signer: random.bytes(32) } : {}
  if (random.chance(0.1)) return member.data(wire, number, { flags: 2, body: content })
  return member.signed(wire, number, { content, leaves, ...stranger })
}

/** A few rows of what was never sent so, mostly where something is missing. */
function hostileParity(random: Random, member: Member): Uint8Array {
  const [stream, place] = random.pick([...member.streams, [0, { number: 0 }] as const])
  const near = Math.max(0, place.number - random.integer(0, 3))
  const last = random.chance(0.9) ? near : oddNumber(random)
  const size = random.chance(0.9) ? 40 : random.integer(0, 70)
  const rows = Array.from({ length: random.integer(1, 12) }, () => {
    const row = random.chance(0.9) ? random.integer(0, 191) : random.integer(0, 255)
    return member.parity(stream, { row, last: last % 2 ** 48 }, random.bytes(size))
  })
  return concat(...rows)
}

function nextNumber(random: Random, place: Announced): number {
  const roll = random.unit()
  if (roll < 0.002) return oddNumber(random) % 2 ** 48
  if (roll < 0.05) return random.integer(0, place.number + 1)
  const next = place.number + (roll < 0.7 ? 1 : random.integer(1, 80))
  if (next < 2 ** 47) place.number = next
  return next
}

function recordsBody(random: Random, place: Announced): Uint8Array {
  const writer = new Writer(1300)
  writePrefix(writer, random.chance(0.97) ? place.index : oddNumber(random), random.word())
  const count = random.chance(0.02) ? 300 : random.integer(1, 4)
  for (let i = 0; i < count; i++) writeRecord(writer, random.integer(0, 7), EMPTY)
  if (random.chance(0.1)) writeRecord(writer, 0, random.bytes(random.integer(0, 600)))
  place.index += count
  return writer.written
}

const unfinished = new WeakMap<Announced, { offset: number; totalSize: number }>()

function fragment(random: Random, place: Announced): { flags: number; body: Uint8Array } {
  const goesOn = random.chance(0.85) ? unfinished.get(place) : undefined
  const totalSize = goesOn?.totalSize ?? (random.chance(0.8) ? 15_000 : oddNumber(random, 20_000))
  const offset = goesOn?.offset ?? (random.chance(0.9) ? 0 : oddNumber(random))
  const bytes = random.bytes(random.chance(0.2) ? 1 : random.integer(1, 1000))
  const index = random.chance(0.95) ? place.index : oddNumber(random)
  const writer = new Writer(1100)
  writeFragmentPrefix(writer, { index, sentAt: 0, totalSize, offset })
  const next = offset + bytes.length - (random.chance(0.03) ? 1 : 0)
  if (next < totalSize) unfinished.set(place, { offset: next, totalSize })
  else {
    unfinished.delete(place)
    place.index += 1
  }
  return { flags: Flag.fragment, body: writer.put(bytes).written }
}

const EMPTY = new Uint8Array(0)
