/** `sixcast pub`: the standard input it cannot read, and the subscribers it waits for. */
import { afterAll, describe, expect, it } from 'vitest'
import { Home, objectsOf } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

describe('standard input', () => {
  it.each(['--stdin', '--lines'])('that is a directory is an error for %s', async (flag) => {
    const { code, out, err } = await home.start(['pub', 'a', flag], { from: home.config }).ended
    expect(err).toBe(
      'sixcast: standard input is a directory (EISDIR): give a file, a pipe, or a VALUE\n',
    )
    expect({ code, out }).toEqual({ code: 1, out: '' })
  })

  it('that is an empty file is an empty message', async () => {
    const sub = await home.subscriber(['empty', '--raw', '--count', '1'])
    expect((await home.start(['pub', 'empty', '--stdin'], { from: '/dev/null' }).ended).code).toBe(
      0,
    )
    expect((await sub.ended).out).toBe('\n')
  })
})

describe('pub --require', () => {
  it('waits for a subscriber that stood still, and for one that comes later', async () => {
    const slow = await home.subscriber(['late', '--count', '1'])
    slow.kill('SIGSTOP')
    const pub = home.start(['pub', 'late', 'here', '--require', '2', '--timeout', '60'])
    const watch = home.start(['topics', 'late', '--watch'])
    await watch.says(/late {2}reliable/)
    const next = await home.subscriber(['late', '--count', '1'])
    slow.kill('SIGCONT')
    expect(await pub.ended).toEqual({ code: 0, out: '', err: '' })
    expect(await slow.ended).toMatchObject({ code: 0, out: 'late here\n' })
    expect(await next.ended).toMatchObject({ code: 0, out: 'late here\n' })
  })

  it('publishes nothing and exits 2 when too few come, and says how many', async () => {
    const sub = await home.subscriber(['few', '--timeout', '30'])
    const words = ['pub', 'few', 'x', '--require', '3', '--timeout', '3']
    const { code, err } = await home.run(words)
    expect(err).toMatch(/^sixcast: \d of 3 subscribers of "few" have come within 3000 ms: are they/)
    expect(code).toBe(2)
    const json = await home.run(['pub', 'none', '1', '--json', '--require', '1', '--timeout', '0'])
    expect(objectsOf(json.err)).toMatchObject([{ type: 'error', code: 'TIMEOUT' }])
    expect(json.code).toBe(2)
    sub.kill('SIGTERM')
    expect((await sub.ended).out).toBe('')
  })

  it('is ended by a signal while it waits', async () => {
    const watch = home.start(['topics', 'held', '--watch'])
    const pub = home.start(['pub', 'held', 'x', '--require', '1', '--timeout', '60'])
    await watch.says(/held {2}reliable/)
    pub.kill('SIGINT')
    expect(await pub.ended).toEqual({ code: 130, out: '', err: '' })
  })
})
