/** A batch: what fits it, what it becomes, and that it can be used again. */
import { describe, expect, it } from 'vitest'
import { Batch, batchOf, giveBack } from '../../../../bus/core/stream/batch.ts'
import { PREFIX_SIZE_MAX, readRecords, recordSize } from '../../../../bus/core/wire/record.ts'
import { VARINT_MAX } from '../../../../bus/core/wire/varint.ts'
import { counting } from '../crypto.ts'

describe('Batch', () => {
  it('becomes a body of records', () => {
    const batch = new Batch(200)
    batch.open(5, 300, 1_700_000_000_000)
    batch.add(1, counting(3))
    batch.add(2, counting(0))
    expect([batch.count, batch.at, batch.index]).toEqual([2, 5, 300])
    expect(readRecords(batch.body)).toEqual({
      index: 300,
      sentAt: 1_700_000_000_000,
      records: [
        { codec: 1, payload: counting(3) },
        { codec: 2, payload: counting(0) },
      ],
    })
  })

  it('takes the largest payload that leaves room for any prefix, and no larger one', () => {
    const batch = new Batch(100)
    const largest = 100 - PREFIX_SIZE_MAX - 2 - 1 // a length of 64 and more takes two bytes
    expect(recordSize(largest)).toBe(100 - PREFIX_SIZE_MAX)
    expect([batch.fits(largest), batch.fits(largest + 1)]).toEqual([true, false])
    batch.open(0, VARINT_MAX, 2 ** 48 - 1)
    batch.add(0, counting(largest))
    expect(batch.body.length).toBe(100)
    expect(batch.fits(0)).toBe(false)
  })

  it('fills up to the last byte', () => {
    const batch = new Batch(30)
    batch.open(0, 0, 0)
    while (batch.fits(0)) batch.add(0, counting(0))
    expect(batch.body.length).toBeGreaterThan(30 - recordSize(0))
    expect(readRecords(batch.body)?.records).toHaveLength(batch.count)
  })

  it('starts over', () => {
    const batch = new Batch(100)
    batch.open(0, 1, 1)
    batch.add(0, counting(50))
    batch.clear()
    expect([batch.count, batch.body.length, batch.fits(83)]).toEqual([0, 0, true])
    batch.open(0, 2, 2)
    batch.add(0, counting(1))
    expect(readRecords(batch.body)).toMatchObject({ index: 2, sentAt: 2 })
  })
})

describe('spare batches', () => {
  /** Takes what other tests have left. */
  const clear = (): void => {
    for (let left = 0; left < 20; left++) batchOf(1)
  }

  it('are used again by whoever wants one of their size', () => {
    clear()
    const batch = batchOf(60_000)
    batch.open(0, 0, 0)
    batch.add(0, counting(10))
    giveBack(batch)
    expect(batchOf(60_000)).toBe(batch)
    expect(batchOf(60_000)).not.toBe(batch)
  })

  it('are of no use to others, who leave them where they are', () => {
    clear()
    const [one, another] = [new Batch(60_000), new Batch(59_000)]
    giveBack(one)
    giveBack(another)
    const small = batchOf(1190)
    expect([small.bodySize, small.fits(1190)]).toEqual([1190, false])
    expect([batchOf(60_000), batchOf(59_000)]).toEqual([one, another])
  })

  it('are empty, whatever they were given back with', () => {
    clear()
    const batch = new Batch(60_000)
    batch.open(0, 0, 0)
    batch.add(0, counting(10))
    giveBack(batch)
    expect([batchOf(60_000).count, batch.body.length]).toEqual([0, 0])
  })

  it('are sixteen at most', () => {
    clear()
    const many = Array.from({ length: 20 }, () => new Batch(60_000))
    for (const batch of many) giveBack(batch)
    const again = Array.from({ length: 20 }, () => batchOf(60_000))
    expect(again.filter((batch) => many.includes(batch)).length).toBe(16)
  })
})
