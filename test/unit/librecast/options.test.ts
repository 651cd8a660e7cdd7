/** The options of a Librecast channel, at each bound and one past it. */
import { describe, expect, it } from 'vitest'
import { openLibrecast, type LibrecastOptions } from '../../../bus/librecast/index.ts'
import { parseOptions } from '../../../bus/librecast/options.ts'

describe('options of a Librecast channel', () => {
  it('are those of the C library, except that messages stay on the link', () => {
    expect(parseOptions({ channel: 'a' })).toEqual({
      channel: 'a',
      framed: false,
      hash: 'blake3',
      key: undefined,
      interface: undefined,
      port: 4242,
      hops: 1,
      loopback: false,
      datagramSize: 1232,
      queue: 1024,
      overflow: 'drop-oldest',
    })
  })

  it.each([
    ['port', 1, 65_535],
    ['hops', 0, 255],
    ['datagramSize', 128, 65_527],
    ['queue', 1, 65_536],
  ] as const)('takes %s from %i to %i and no further', (name, from, to) => {
    expect(parseOptions({ channel: 'a', [name]: from })).toMatchObject({ [name]: from })
    expect(parseOptions({ channel: 'a', [name]: to })).toMatchObject({ [name]: to })
    for (const value of [from - 1, to + 1, from + 0.5, Number.NaN]) {
      expect(() => parseOptions({ channel: 'a', [name]: value })).toThrow(
        `option '${name}' is ${value}: give a whole number from ${from} to ${to}`,
      )
    }
  })

  it('refuses what is not among the named choices', () => {
    expect(() => parseOptions(untyped({ channel: 'a', hash: 'md5' }))).toThrow(/'hash' is 'md5'/)
    expect(() => parseOptions(untyped({ channel: 'a', overflow: 'wait' }))).toThrow(/'overflow'/)
  })

  it.each(['', 'a\0b'])('refuses the channel name %j', (channel) => {
    expect(() => parseOptions({ channel })).toThrow(/option 'channel'/)
  })

  it('takes a key of 32 bytes and keeps a copy', () => {
    const key = new Uint8Array(32)
    const settings = parseOptions({ channel: 'a', key })
    key.fill(1)
    expect(settings.key).toEqual(new Uint8Array(32))
    for (const size of [0, 31, 33]) {
      expect(() => parseOptions({ channel: 'a', key: new Uint8Array(size) })).toThrow(
        `key has ${size} bytes: give 32`,
      )
    }
  })
})

describe('openLibrecast', () => {
  it('rejects with INVALID_OPTION before it opens anything', async () => {
    await expect(openLibrecast({ channel: 'a', port: 0 })).rejects.toMatchObject({
      name: 'BusError',
      code: 'INVALID_OPTION',
    })
  })

  it('rejects with NO_INTERFACE for a name that the system would ignore', async () => {
    const opening = openLibrecast({ channel: 'a', interface: 'nosuch0' })
    await expect(opening).rejects.toMatchObject({ code: 'NO_INTERFACE' })
    await expect(opening).rejects.toThrow(/'nosuch0'/)
  })

  it('rejects with the reason of a signal that has been given', async () => {
    const signal = AbortSignal.abort(new Error('never mind'))
    await expect(openLibrecast({ channel: 'a', signal })).rejects.toThrow('never mind')
  })
})

/** Options as a JavaScript program may give them. */
function untyped(options: object): LibrecastOptions {
  return options as LibrecastOptions // That they are not is what the test is about.
}
