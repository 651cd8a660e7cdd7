/**
 * A second decoder of what travels, written from docs/protocol.md alone: the layouts of that text
 * as data, and one small interpreter. It shares nothing with bus/core/wire, so that where the two
 * disagree about some bytes one of them is wrong, or the text is not clear.
 *
 * What it reads is a list of numbers, and of bytes as hexadecimal digits, in the order of the text.
 */

/** What was read; undefined: malformed. */
export type Reading = readonly (bigint | string)[] | undefined

type Field =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u48'
  | 'u64'
  | 'varint'
  | { readonly bytes: number }
  /** A varint size and that many bytes. */
  | { readonly block: number }
  /** A varint count and as many entries. */
  | { readonly list: readonly Field[]; readonly most?: number }
  /** The same without a count, to the end. */
  | { readonly rest: readonly Field[] }
  /** All bytes that are left. */
  | 'left'
  /** What the numbers read so far must be like. */
  | { readonly must: (read: readonly (bigint | string)[]) => boolean }
  /** A byte whose lowest bit counts alone. */
  | 'bit'

const v = 'varint'
const INSTANCES: Field = { list: ['u64'], most: 32 }
const RUNS: Field = { list: [v, v] }

/** Of control packets, by type. */
const RECORDS: Readonly<Record<number, readonly Field[]>> = {
  1: [v, v],
  2: ['u64', v, v],
  3: [{ list: [v, 'u64', 'u8', v, v, { block: 271 }] }, { bytes: 64 }],
  4: ['u64', { list: [v, v, v, v, v, v] }],
  5: ['u64', { list: [v, v, v, v, v, v, v, v] }],
  6: ['u8', v, { list: [v, v, v, v] }],
  7: ['u64', { list: [v, v, v] }],
  8: ['u64', 'u8', v, v, v, v, v, 'left'],
  9: [v, { rest: [{ bytes: 16 }] }],
  10: [v, v, v],
  11: [v, RUNS],
  12: [v, v, { list: ['u64'] }],
  13: ['u64', v],
  14: [{ list: ['u64', RUNS] }],
  15: ['u64', 'bit', 'u64', 'u64'],
  16: [{ list: ['u64', { bytes: 16 }, 'u16'] }],
  17: ['u64', { list: [v, 'u64', v, 'u8', v, v, v] }],
  18: ['u64', { list: [v, 'u64', v, v, v, v] }],
}

/** More than the layout says. */
const ALSO: Readonly<Record<number, (read: readonly (bigint | string)[]) => boolean>> = {
  8: (read) => BigInt(read[6]!) >= 1n && String(read[7]).length <= 2 * 512,
}

const layouts = {
  hello: [
    'u8',
    { bytes: 32 },
    { bytes: 16 },
    'u64',
    v,
    v,
    v,
    { must: (read) => BigInt(read.at(-1)!) <= 65_535n },
    v,
    { block: 64 },
    { list: [{ block: 32 }], most: 8 },
    INSTANCES,
    INSTANCES,
    { block: 512 },
    { bytes: 64 },
  ],
  fragment: [v, 'u48', v, v, 'left', { must: isWithin }],
  // Without leaves there is content.
  signed: [
    { bytes: 64 },
    { list: [{ bytes: 16 }], most: 64 },
    'left',
    { must: (read) => read[1] !== 0n || read.at(-1) !== '' },
  ],
  relay: ['u8', v, INSTANCES],
} as const satisfies Readonly<Record<string, readonly Field[]>>

/** Some bytes, within the total size. */
function isWithin(read: readonly (bigint | string)[]): boolean {
  const [total, offset, bytes] = [BigInt(read[2]!), BigInt(read[3]!), String(read[4])]
  return bytes !== '' && offset + BigInt(bytes.length / 2) <= total
}

const HEADER = ['u8', 'u8', 'u16', 'u64', 'u32', 'u48', 'u16'] as const

class Malformed extends Error {}

class Cursor {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.at
  }

  take(size: number): string {
    if (size > this.left) throw new Malformed()
    this.at += size
    return Buffer.from(this.#bytes.subarray(this.at - size, this.at)).toString('hex')
  }

  number(size: number): bigint {
    return BigInt(`0x${this.take(size)}`)
  }

  varint(): bigint {
    const first = this.number(1)
    const more = 2 ** Number(first >> 6n) - 1
    const low = more > 0 ? this.number(more) : 0n
    const value = ((first & 63n) << BigInt(8 * more)) | low
    if (value > 2n ** 48n - 1n) throw new Malformed()
    return value
  }

  block(most = Infinity): string {
    const size = Number(this.varint())
    if (size > most) throw new Malformed()
    return this.take(size)
  }

  read(fields: readonly Field[], into: (bigint | string)[] = []): (bigint | string)[] {
    for (const field of fields) this.#readOne(field, into)
    return into
  }

  #readOne(field: Field, into: (bigint | string)[]): void {
    if (field === 'varint') into.push(this.varint())
    else if (field === 'bit') into.push(this.number(1) & 1n)
    else if (field === 'left') into.push(this.take(this.left))
    else if (typeof field === 'string') into.push(this.number(Number(field.slice(1)) / 8))
    else if ('bytes' in field) into.push(this.take(field.bytes))
    else if ('block' in field) into.push(this.block(field.block))
    else if ('rest' in field) {
      const entries: (bigint | string)[] = []
      let count = 0n
      for (; this.left > 0; count++) this.read(field.rest, entries)
      into.push(count, ...entries)
    } else if ('list' in field) {
      const count = this.varint()
      if (count > (field.most ?? Infinity)) throw new Malformed()
      into.push(count)
      for (let i = 0n; i < count; i++) this.read(field.list, into)
    } else if (!field.must(into)) throw new Malformed()
  }
}

/** All of the bytes, by one layout. */
export function secondReading(name: keyof typeof layouts, bytes: Uint8Array): Reading {
  return sound(() => {
    const cursor = new Cursor(bytes)
    const read = cursor.read(layouts[name])
    if (cursor.left > 0 && name !== 'relay') throw new Malformed() // more may follow a beacon
    return read
  })
}

/** The records of a control packet that are known; whether it is whole. */
export function secondControl(bytes: Uint8Array): { records: Reading[]; whole: boolean } {
  const cursor = new Cursor(bytes)
  const records: Reading[] = []
  const whole = sound(() => {
    while (cursor.left > 0) {
      const type = Number(cursor.number(1))
      const inner = new Cursor(new Uint8Array(Buffer.from(cursor.block(), 'hex')))
      const layout = RECORDS[type]
      if (!layout) continue
      const read = inner.read(layout)
      if (inner.left > 0 || ALSO[type]?.(read) === false) throw new Malformed()
      records.push([BigInt(type), ...read])
    }
    return true
  })
  return { records, whole: whole ?? false }
}

/** The headers of a datagram's packets; whether it is whole. */
export function secondDatagram(bytes: Uint8Array): { packets: Reading[]; whole: boolean } {
  const cursor = new Cursor(bytes)
  const packets: Reading[] = []
  const whole = sound(() => {
    do {
      const length = Number(cursor.number(2))
      if (length === 0 && packets.length > 0) return true
      if (length < 24) throw new Malformed()
      const inner = new Cursor(new Uint8Array(Buffer.from(cursor.take(length), 'hex')))
      const [first, ...rest] = inner.read(HEADER)
      const [version, kind] = [BigInt(first!) >> 4n, BigInt(first!) & 15n]
      if (version !== 1n && version !== 2n) throw new Malformed()
      packets.push([version, kind, ...rest])
    } while (cursor.left > 0)
    return true
  })
  return { packets, whole: whole ?? false }
}

/** The body of a data packet with whole messages. */
export function secondRecords(bytes: Uint8Array): Reading {
  return sound(() => {
    const cursor = new Cursor(bytes)
    const read = cursor.read([v, 'u48'])
    let count = 0n
    for (const records: (bigint | string)[] = []; ; count++) {
      if (cursor.left === 0 && count > 0) return [...read, count, ...records]
      const size = Number(cursor.varint())
      const flags = Number(cursor.number(1))
      if (flags > 15) throw new Malformed()
      const fields = flags & 8 ? secondFields(cursor.block()) : []
      records.push(BigInt(flags & 7), cursor.take(size), ...fields)
    }
  })
}

/** Life, question, whom it is for and what it repeats, where they are; others are passed over. */
function secondFields(hex: string): (bigint | string)[] {
  const cursor = new Cursor(new Uint8Array(Buffer.from(hex, 'hex')))
  const found: { life?: bigint; question?: string; chosen?: bigint[]; again?: bigint } = {}
  while (cursor.left > 0) {
    const id = cursor.varint()
    const value = cursor.block()
    const inner = new Cursor(new Uint8Array(Buffer.from(value, 'hex')))
    if (id === 1n) found.life = inner.varint()
    if (id === 3n) found.chosen = chosenOf(inner)
    if (id === 4n) found.again = inner.varint()
    if (id !== 2n && id <= 4n && id > 0n && inner.left > 0) throw new Malformed()
    if (id === 2n) {
      if (value.length > 2 * 512) throw new Malformed()
      found.question = value
    }
  }
  return [found.life ?? [], found.question ?? [], found.chosen ?? [], found.again ?? []].flat()
}

/** A number and a seat each, of 16 groups at most. */
function chosenOf(cursor: Cursor): bigint[] {
  const found: bigint[] = []
  while (cursor.left > 0) found.push(cursor.varint(), cursor.varint())
  if (found.length > 2 * 16) throw new Malformed()
  return [BigInt(found.length / 2), ...found]
}

function sound<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}
