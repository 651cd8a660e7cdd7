/** Control records: round trip, what is refused, and that no bytes ever throw. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../../bus/core/bytes.ts'
import {
  type ControlRecord,
  ControlType,
  readControl,
  SEALED_NAME_SIZE_MAX,
  writeBinding,
} from '../../../../bus/core/wire/control.ts'
import { Writer } from '../../../../bus/core/wire/cursor.ts'
import { counting, unhex } from '../crypto.ts'
import { anyControlRecord, controlBytes, rawControl } from './any.ts'

function read(body: Uint8Array): { records: ControlRecord[]; whole: boolean } {
  const records: ControlRecord[] = []
  const whole = readControl(body, (record) => records.push(record))
  return { records, whole }
}

describe('control records', () => {
  it('survive the round trip, one by one and many in a body', () => {
    fc.assert(
      fc.property(fc.array(anyControlRecord, { maxLength: 5 }), (records) => {
        const body = concat(...records.map(controlBytes))
        expect(read(body)).toEqual({ records, whole: true })
      }),
      { numRuns: 500 },
    )
  })

  it('are refused at every truncation, and those before the cut still count', () => {
    const first = controlBytes({ type: 'beacon', intervalMs: 500, streamCount: 2 })
    const seen = new Set<string>()
    fc.assert(
      fc.property(anyControlRecord, (record) => {
        seen.add(record.type)
        const body = concat(first, controlBytes(record))
        for (let size = first.length + 1; size < body.length; size++) {
          const { records, whole } = read(body.subarray(0, size))
          expect([records.length, whole]).toEqual([1, false])
        }
      }),
      { numRuns: 300 },
    )
    expect(seen.size).toBe(18)
  })

  it('are refused when bytes are left over inside their size', () => {
    const body = concat(counting(8), unhex('0101'))
    expect(read(rawControl(ControlType.want, body)).whole).toBe(true)
    expect(read(rawControl(ControlType.want, concat(body, unhex('00')))).whole).toBe(false)
  })

  it('are skipped when their type is unknown, whatever they hold', () => {
    const beacon = controlBytes({ type: 'beacon', intervalMs: 1, streamCount: 0 })
    const strange = [0, 100, 200, 255].map((type) => rawControl(type, counting(9)))
    const { records, whole } = read(concat(...strange, beacon))
    expect([records.length, whole]).toEqual([1, true])
  })

  it('take no memory for a count that their bytes cannot hold', () => {
    const huge = unhex('c01fffffffffffff')
    const bodies = [
      rawControl(ControlType.bindings, huge),
      rawControl(ControlType.attach, concat(counting(8), huge)),
      rawControl(ControlType.started, concat(counting(8), huge)),
      rawControl(ControlType.heartbeat, concat(counting(1), huge)),
      rawControl(ControlType.cursor, concat(counting(8), huge)),
      rawControl(ControlType.share, concat(counting(8), huge)),
      rawControl(ControlType.seat, concat(counting(8), huge)),
    ]
    for (const body of bodies) expect(read(body)).toEqual({ records: [], whole: false })
  })

  it('hold a sealed name of the largest size and refuse one byte more', () => {
    const page = (size: number): Uint8Array => {
      const writer = new Writer(500)
      const rest = { stream: 1, tag: 2n, mode: 0, packetSize: 1232, ageMs: 0 }
      writeBinding(writer.varint(1), { ...rest, sealedName: new Uint8Array(size) })
      return rawControl(ControlType.bindings, concat(writer.written, new Uint8Array(64)))
    }
    expect(read(page(SEALED_NAME_SIZE_MAX)).whole).toBe(true)
    expect(read(page(SEALED_NAME_SIZE_MAX + 1)).whole).toBe(false)
  })

  it('never throw, whatever the bytes', () => {
    const records = fc.array(
      fc.tuple(fc.nat(12), fc.uint8Array({ maxLength: 60 })).map(([t, b]) => rawControl(t, b)),
      { maxLength: 4 },
    )
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      records.map((parts) => concat(...parts)),
    )
    fc.assert(
      fc.property(anyBytes, (body) => void read(body)),
      { numRuns: 5000 },
    )
  })
})
