/** `sixcast sub --count`: what is lost, or cannot be read, has its place in the count. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { connect } from '../../bus/index.ts'
import { Home, objectsOf } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

describe('sub --count', () => {
  it('ends with 1 when lost messages have taken their places in --count, and says so', async () => {
    const words = ['lossy', '--open', '--count', '4', '--timeout', '80']
    const plain = await home.subscriber(words)
    const json = await home.subscriber([...words, '--json'])
    const two = await home.subscriber(['lossy', '--open', '--count', '2', '--timeout', '80'])
    const options = { realm: 'local', open: true, port: Number(home.port), rate: 250_000 }
    await using bus = await connect(options)
    await bus.matched('lossy', { count: 3 })
    bus.publish('lossy', 'one')
    // Two seconds of what it may send: what expires behind it never leaves.
    bus.publish('lossy', 'x'.repeat(500_000))
    for (let i = 0; i < 2; i++) bus.publish('lossy', 'late', { expires: 1 })
    bus.publish('lossy', 'end')
    const { code, out, err } = await plain.ended
    expect({ code, lines: out.split('\n').length }).toEqual({ code: 1, lines: 3 })
    expect(err).toMatch(/gap of 2 on lossy from .*: expired\n/)
    expect(err).toMatch(/^sixcast: 2 of 4 messages came on lossy: the rest is lost/m)
    const told = await json.ended
    expect(told.code).toBe(1)
    expect(objectsOf(told.out).map(({ type }) => type)).toEqual(['message', 'message', 'gap'])
    expect(told.err).toMatch(/^{"type":"error","code":"LOST",.*}$/m)
    expect(await two.ended).toMatchObject({ code: 0 })
  })

  it('counts what it cannot read, and not what was forgotten before it came', async () => {
    const options = { realm: 'local', open: true, port: Number(home.port) }
    await using bus = await connect({ ...options, limits: { historyAge: 100 } })
    // Of another program: nobody else can read what it publishes.
    const codec = { encode: () => new Uint8Array(1), decode: () => undefined }
    await using other = await connect({ ...options, codec })
    bus.publish('mix', 'forgotten')
    await sleep(1000)
    const words = ['mix', '--open', '--history', 'all', '--count', '2', '--timeout', '80']
    const sub = home.start(['sub', ...words])
    await sub.says(/gap of 1 on mix .*: history/, 'err')
    bus.publish('mix', 'one')
    await sub.says(/mix one/)
    await other.matched('mix')
    other.publish('mix', {})
    const { code, out, err } = await sub.ended
    expect({ code, out }).toEqual({ code: 1, out: 'mix one\n' })
    expect(err).toMatch(
      /^sixcast: 1 of 2 messages came on mix: the rest is lost, or cannot be read/m,
    )
  })
})
