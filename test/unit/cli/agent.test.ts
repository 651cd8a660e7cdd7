/** What an agent makes of disks, and of the words that it is asked to run an action with. */
import { describe, expect, it } from 'vitest'
import { wordsOf } from '../../../bus/cli/actions.ts'
import { Disks, disksOf } from '../../../bus/cli/facts.ts'
import { code } from '../api/asking.ts'
import { network } from '../api/company.ts'

const disk = (mount: string, size = 100) => {
  return {
    fs: '/dev/a',
    type: 'ext4',
    size,
    used: 25,
    available: 75,
    use: 25.04,
    mount,
    rw: true,
  }
}

describe('disks', () => {
  it('have the names of where they are mounted, as one segment each', () => {
    const found = disksOf([disk('/'), disk('/var/lib'), disk('C:'), disk('/mnt/a b*?')])
    expect(found.map(({ name }) => name)).toEqual(['root', 'var-lib', 'C', 'mnt-a-b'])
    expect(found[0]).toEqual({
      name: 'root',
      mount: '/',
      total: 100,
      used: 25,
      available: 75,
      percent: 25,
    })
  })

  it('are the first of those of one name, have a size, and are 64 at most', () => {
    expect(disksOf([disk('/a'), disk('//a/'), disk('/none', 0)]).map(({ mount }) => mount)).toEqual(
      ['/a'],
    )
    const many = Array.from({ length: 65 }, (_, i) => disk(`/d${i}`))
    expect(disksOf(many.slice(1))).toHaveLength(64)
    expect(disksOf(many)).toHaveLength(64)
    expect(disksOf([disk(`/${'x'.repeat(300)}`)])[0]?.name).toHaveLength(64)
  })
})

describe('the variables of disks', () => {
  const bytes = { total: 100, used: 25, available: 75 }

  it('are there beside one of the host that has the name of one of them, which stays', async () => {
    const bus = await network()()
    bus.expose('host/disk/root/used', 'mine')
    const disks = new Disks(bus, 'host', { fsSize: () => Promise.resolve([disk('/'), disk('/b')]) })
    await disks.look()
    await disks.look()
    const found = (await bus.fetch('host/**').all()).map(({ name, value }) => [name, value])
    expect(Object.fromEntries(found)).toEqual({
      'host/disk/root': { mount: '/', ...bytes },
      'host/disk/root/used': 'mine',
      'host/disk/b': { mount: '/b', ...bytes },
      'host/disk/b/used': 25,
    })
  })

  it('of one that has gone fail with a code, and are taken back', async () => {
    const bus = await network()()
    let mounted = [disk('/')]
    const disks = new Disks(bus, 'host', { fsSize: () => Promise.resolve(mounted) })
    await disks.look()
    mounted = []
    const codes = async (): Promise<string[]> => {
      const { outcomes } = await bus.fetch('host/**').report
      return outcomes.flatMap(({ failures }) => failures.map(({ error }) => error.code))
    }
    await expect.poll(codes, { timeout: 30_000 }).toEqual(['GONE', 'GONE'])
    await disks.look()
    expect(await codes()).toEqual([])
  })
})

describe('the words of an action', () => {
  const action = { name: 'a', arguments: [/^(?:[a-z]+)$/u, /^(?:.*)$/u] }

  it('are so many as it has patterns, and match them', () => {
    expect(wordsOf(action, ['x', 'y'])).toEqual(['x', 'y'])
    expect(wordsOf({ name: 'a', arguments: [] }, null)).toEqual([])
    expect(wordsOf({ name: 'a', arguments: [/^(?:x)$/u] }, 'x')).toEqual(['x'])
    expect(wordsOf(action, ['x', 'y'.repeat(1024)])).toHaveLength(2)
  })

  it.each<[unknown]>([
    [['x']],
    [['x', 'y', 'z']],
    [['X', 'y']],
    [['x\n', 'y']],
    [['x', 'y\0']],
    [['x', 'y\n--force']],
    [['x', 'y'.repeat(1025)]],
    [['x', 5]],
    [{ 0: 'x', 1: 'y', length: 2 }],
    [undefined],
  ])('are refused where they are %j', (value) => {
    expect(() => wordsOf(action, value)).toThrow(code('INVALID_VALUE'))
  })
})
