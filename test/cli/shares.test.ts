/** `pub --shared` and `sub --share`: each line is printed by one, also when one of them is killed. */
import { afterAll, expect, it } from 'vitest'
import { Home, objectsOf } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

const LINES = 300
const input = Array.from({ length: LINES }, (_, n) => `${n}\n`).join('')

function numbers(out: string): number[] {
  return out.split('\n').filter(Boolean).map(Number)
}

it('gives each line to one of those that share, and all of them to who does not', async () => {
  const workers = await Promise.all(
    [1, 2].map(() => home.subscriber(['jobs', '--raw', '--share', 'workers'])),
  )
  const all = await home.subscriber(['jobs', '--raw', '--count', String(LINES)])
  const pub = await home.run(['pub', 'jobs', '--lines', '--shared', '--require', '3'], { input })
  expect(pub).toEqual({ code: 0, out: '', err: '' })
  expect(numbers((await all.ended).out)).toEqual(Array.from({ length: LINES }, (_, n) => n))
  for (const worker of workers) worker.kill('SIGINT')
  const parts = (await Promise.all(workers.map(({ ended }) => ended))).map(({ out }) =>
    numbers(out),
  )
  expect(parts.every((part) => part.length > 0)).toBe(true)
  expect(parts.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: LINES }, (_, n) => n))
})

it('prints what one that was killed had not printed, elsewhere', async () => {
  const [victim, other] = await Promise.all(
    [1, 2].map(() => home.subscriber(['tasks', '--raw', '--share', 'workers'])),
  )
  const words = ['pub', 'tasks', '--lines', '--shared', '--require', '2', '--rate', '100']
  const pub = home.start([...words, '--linger', '30'], { input })
  await victim!.says(/\n/)
  victim!.kill('SIGKILL')
  expect((await pub.ended).err).not.toMatch(/no member of a group/)
  other!.kill('SIGINT')
  const found = [await victim!.ended, await other!.ended].flatMap(({ out }) => numbers(out))
  expect(new Set(found).size).toBe(LINES)
})

it('refuses what makes no sense, and says what is not shared', async () => {
  const both = await home.run(['sub', 'a', '--share', 'g', '--history', 'last'])
  expect([both.code, both.err]).toEqual([64, expect.stringContaining('--share or --history')])
  const brief = await home.run(['pub', 'a', 'x', '--shared', '--delivery', 'latest'])
  expect([brief.code, brief.err]).toEqual([64, expect.stringContaining('--shared')])
  const sub = await home.subscriber(['plain', '--share', 'g', '--json'])
  await home.run(['pub', 'plain', 'x'])
  await sub.says(/withheld/, 'err')
  sub.kill('SIGINT')
  const { err } = await sub.ended
  expect(objectsOf(err)).toContainEqual(
    expect.objectContaining({ type: 'withheld', topic: 'plain', reason: 'share' }),
  )
})
