/** docs/wireshark/sixcast.lua in tshark: what it shows of the vectors, and of what buses really say. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BODY_OFFSET, Kind, VERSION_OPEN, writeHeader } from '../../bus/core/wire/packet.ts'
import { Segment } from '../attack/tap.ts'
import { captureOf } from './capture.ts'

const directory = mkdtempSync(join(tmpdir(), 'sixcast-wireshark-'))
afterAll(() => rmSync(directory, { recursive: true }))

const PORT = 62_278
const FIELDS = [
  'version',
  'kind',
  'flags',
  'epoch',
  'instance',
  'stream',
  'number',
  'hint',
  'record',
  'text',
  'fragment',
  'short',
  'malformed',
  'name',
  'forged',
  'unopened',
  'payload',
] as const

type Shown = Readonly<Record<(typeof FIELDS)[number], readonly string[]>>

/** What tshark shows of each datagram. */
function shown(
  datagrams: readonly Uint8Array[],
  port = PORT,
  prefs: readonly string[] = [],
): Shown[] {
  const capture = join(directory, 'capture.pcap')
  writeFileSync(capture, captureOf(datagrams, port))
  const script = ['-X', 'lua_script:docs/wireshark/sixcast.lua', '-r', capture]
  const how = ['-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=|']
  const fields = FIELDS.flatMap((name) => ['-e', `sixcast.${name}`])
  const stdio = ['ignore', 'pipe', 'ignore'] as const // root is warned of being root
  const text = execFileSync('tshark', [...script, ...prefs, ...how, ...fields], {
    stdio: [...stdio],
  })
  const lines = text.toString().split('\n').slice(0, -1)
  return lines.map((line) => {
    const cells = line.split('\t')
    const entries = FIELDS.map((name, i) => [name, cells[i] === '' ? [] : cells[i]!.split('|')])
    return Object.fromEntries(entries) as Shown // by the names that are asked for
  })
}

/** A packet of an open realm. */
function packet(kind: number, flags: number, hex: string): Uint8Array {
  const body = Buffer.from(hex, 'hex')
  const bytes = new Uint8Array(BODY_OFFSET + body.length)
  const id = { epoch: 0, instance: 0x0123456789abcdefn, stream: 1, number: 2 ** 48 - 1 }
  writeHeader(bytes, { version: VERSION_OPEN, kind, flags, hint: 0xf744, ...id }, body.length)
  bytes.set(body, BODY_OFFSET)
  return bytes
}

function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(`test/vectors/${name}.json`, 'utf8')) as T
}

interface Packets {
  readonly sealed: {
    readonly packets: readonly {
      readonly header: Readonly<Record<string, number>>
      readonly instance: string
      readonly key: string
      readonly body: string
      readonly packet: string
    }[]
  }
}
interface Control {
  readonly records: readonly {
    readonly record: { readonly type: string }
    readonly bytes: string
  }[]
}
interface Bodies {
  readonly records: readonly { readonly bodies: readonly string[] }[]
  readonly lives: { readonly bodies: readonly string[] }
  readonly fragments: { readonly bodies: readonly string[] }
}

const { records, lives, fragments } = vectors<Bodies>('bodies')

describe('the dissector', () => {
  it('shows every header of the vectors', () => {
    const { packets } = vectors<Packets>('packets').sealed
    const seen = shown(packets.map((one) => Buffer.from(one.packet, 'hex')))
    expect(seen).toHaveLength(packets.length)
    packets.forEach(({ header, instance }, i) => {
      const { version, kind, epoch, stream, number } = seen[i]!
      const names = { version, kind, epoch, stream, number }
      for (const [name, found] of Object.entries(names)) {
        expect({ name, found }).toEqual({ name, found: [String(header[name])] })
      }
      expect(Number(seen[i]!.flags[0])).toBe(header['flags'])
      expect(Number(seen[i]!.hint[0])).toBe(header['hint'])
      expect(seen[i]!.instance).toEqual([`0x${instance}`])
      expect([seen[i]!.short, seen[i]!.malformed]).toEqual([[], []])
    })
  })

  it('names every control record of the vectors', () => {
    const all = vectors<Control>('control').records
    const body = all.map(({ bytes }) => bytes).join('')
    const [seen] = shown([packet(Kind.control, 0, body)])
    expect(seen!.record).toEqual(all.map(({ record }) => record.type))
    expect(seen!.malformed).toEqual([])
  })

  it('shows messages, their lives passed over, and the fragments of large ones', () => {
    const bodies = [records[1]!.bodies[0]!, lives.bodies[0]!]
    const seen = shown([
      ...bodies.map((body) => packet(Kind.data, 0, body)),
      ...fragments.bodies.map((body) => packet(Kind.data, 1, body)),
    ])
    expect(seen[0]!.text).toEqual(['grüß', '{"on":true}'])
    expect(seen[0]!.record).toHaveLength(4)
    expect(seen[1]!.text).toEqual(['new'])
    const parts = seen.slice(2).map(({ fragment }) => fragment)
    expect(parts).toEqual([['0 to 70 of 203'], ['70 to 140 of 203'], ['140 to 203 of 203']])
    expect(seen.flatMap(({ malformed }) => malformed)).toEqual([])
  })

  it('shows several packets in one datagram, and no padding', () => {
    const [one, two] = records.map(({ bodies }) => packet(Kind.data, 0, bodies[0]!))
    const [seen] = shown([Buffer.concat([one!, two!, Buffer.alloc(9)])])
    expect(seen!.kind).toEqual(['0', '0'])
    expect(seen!.short).toEqual([])
  })

  it('says what is cut short or malformed, and goes on behind it', () => {
    const good = packet(Kind.control, 0, '010342ee03')
    const seen = shown([
      good.subarray(0, good.length - 1),
      packet(Kind.control, 0, '0106ff'),
      packet(Kind.control, 0, '010442ee0300'),
      packet(Kind.data, 0, '40'),
      good,
    ])
    const faults = seen.map(({ short, malformed }) => [short.length, malformed.length])
    expect(faults).toEqual([
      [1, 0],
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 0],
    ])
    expect(seen[4]!.record).toEqual(['beacon'])
  })

  it('shows what two buses of an open realm say, on whatever port', async () => {
    await using segment = new Segment()
    const [a, b] = [await segment.bus({ open: true }), await segment.bus({ open: true })]
    const messages = b.subscribe('hall/*')
    a.publish('hall/light', 'a word in the clear')
    for await (const { value } of messages) {
      expect(value).toBe('a word in the clear')
      break
    }
    const heard = segment.heard.map(({ datagram }) => datagram)
    for (const port of [PORT, 40_123]) {
      const seen = shown(heard, port)
      expect(seen).toHaveLength(heard.length)
      expect(seen.flatMap(({ text }) => text)).toContain('a word in the clear')
      expect(new Set(seen.flatMap(({ kind }) => kind))).toEqual(new Set(['0', '1', '2']))
      expect(seen.flatMap(({ record }) => record)).toContain('attach')
      expect(seen.flatMap(({ short, malformed }) => [...short, ...malformed])).toEqual([])
    }
  })
})

describe('the dissector with a key log', () => {
  const log = join(directory, 'keys')
  const prefs = ['-o', `sixcast.keylog:${log}`]

  it('opens what the vectors seal, and says what does not open, or is too much', () => {
    const { packets } = vectors<Packets>('packets').sealed
    const data = packets.filter(({ header }) => header['kind'] === Kind.data)
    const [one] = data
    expect(data.length).toBeGreaterThan(1)
    const lines = data.map(({ header, instance, key }) => {
      const hint = header['hint']!.toString(16).padStart(4, '0')
      return `sixcast-packet-key-1 data ${hint} ${header['epoch']} ${instance} ${header['stream']} ${key}\n`
    })
    writeFileSync(log, `what is no key\n${lines.join('')}`)
    const bytes = data.map(({ packet }) => Buffer.from(packet, 'hex'))
    const broken = Buffer.from(one!.packet, 'hex')
    broken[broken.length - 1]! ^= 1
    const seen = shown([...bytes, broken], PORT, prefs)
    expect(seen.map(({ forged }) => forged.length)).toEqual([...bytes.map(() => 0), 1])
    // Bodies of the vectors are any bytes: opened, they are read, and mostly malformed.
    expect(seen[0]!.malformed.length + seen[0]!.payload.length).toBeGreaterThan(0)
    expect(shown(bytes)[0]!.malformed).toEqual([])
    const few = shown([bytes[0]!, bytes[1]!], PORT, [...prefs, '-o', 'sixcast.opened:1'])
    expect(few.map(({ unopened }) => unopened.length)).toEqual([0, 1])
  })

  it('shows what buses of a sealed realm say, by the key log of one of them', async () => {
    await using segment = new Segment()
    const keyLog = join(directory, 'bus-keys')
    const a = await segment.bus({ keyLog, name: 'writes down' })
    const b = await segment.bus({ name: 'does not' })
    const messages = b.subscribe('hall/*')
    await a.matched('hall/light')
    const long = 'a sealed word '.repeat(70)
    for (const word of ['a sealed word', long]) a.publish('hall/light', word)
    for await (const { value } of messages) if (value === long) break
    const heard = segment.heard.map(({ datagram }) => datagram)
    expect(shown(heard).flatMap(({ text, record }) => [...text, ...record])).toEqual([])
    const seen = shown(heard, PORT, ['-o', `sixcast.keylog:${keyLog}`])
    expect(seen.flatMap(({ text }) => text)).toEqual(
      expect.arrayContaining(['a sealed word', long]),
    )
    expect(seen.flatMap(({ record }) => record)).toEqual(
      expect.arrayContaining(['bindings', 'attach', 'started', 'message']),
    )
    expect(new Set(seen.flatMap(({ name }) => name))).toEqual(new Set(['writes down', 'does not']))
    expect(
      seen.flatMap(({ short, malformed, forged }) => [...short, ...malformed, ...forged]),
    ).toEqual([])
  })
})
