/** The file of old values: bounded, the newest first, and never trusted. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  findKnown,
  type KnownQuestion,
  type KnownValue,
  readKnown,
  writeKnown,
} from '../../../bus/cli/known.ts'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sixcast-known-'))
  vi.stubEnv('XDG_CONFIG_HOME', home)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(home, { recursive: true })
})

function value(name: string, at: number, more: Partial<KnownValue> = {}): KnownValue {
  return { name, from: 'a', who: 'A', tags: {}, value: at, version: 1, age: 0, at, ...more }
}

describe('what is kept', () => {
  it('is the newest of each variable of each owner, and no draft stays', async () => {
    const values = [value('x', 1), value('x', 3), value('x', 2, { from: 'b' }), value('y', 4)]
    await writeKnown('site', values)
    const found = await readKnown('site')
    expect(found.map(({ name, from, at }) => [name, from, at])).toEqual([
      ['y', 'a', 4],
      ['x', 'a', 3],
      ['x', 'b', 2],
    ])
    expect(readdirSync(join(home, 'sixcast/known'))).toEqual(['site.json'])
    expect(await readKnown('other')).toEqual([])
  })

  it('is bounded: 4096 values, the oldest are left out', async () => {
    const many = Array.from({ length: 4097 }, (_, i) => value(`n/${i}`, i + 1))
    await writeKnown('site', many.slice(1))
    expect(await readKnown('site')).toHaveLength(4096)
    await writeKnown('site', many)
    const found = await readKnown('site')
    expect(found).toHaveLength(4096)
    expect(found.at(-1)?.at).toBe(2)
  })

  it.each(['', '{', '{}', 'null', '[1, null, {"name":5}]'])('of %j is nothing', async (text) => {
    mkdirSync(join(home, 'sixcast/known'), { recursive: true })
    writeFileSync(join(home, 'sixcast/known/site.json'), text)
    expect(await readKnown('site')).toEqual([])
  })
})

describe('what is found', () => {
  const values = [
    value('disk/a', 900, { tags: { role: 'web' } }),
    value('disk/b', 500, { from: 'b' }),
    value('load', 2000),
    value('a//b', 900),
  ]
  const any: KnownQuestion = { names: ['**'], where: {}, from: undefined, maxAgeMs: 1000 }
  const namesOf = (more: Partial<KnownQuestion>): string[] =>
    findKnown(values, { ...any, ...more }, 1000).map(({ name }) => name)

  it('matches a name, the tags and the peers, and is old enough to have been', () => {
    expect(namesOf({})).toEqual(['disk/a', 'disk/b'])
    expect(namesOf({ maxAgeMs: 499 })).toEqual(['disk/a'])
    expect(namesOf({ maxAgeMs: 500 })).toEqual(['disk/a', 'disk/b'])
    expect(namesOf({ names: ['load', 'disk/b'] })).toEqual(['disk/b'])
    expect(namesOf({ where: { role: 'web' } })).toEqual(['disk/a'])
    expect(namesOf({ where: { role: 'db' } })).toEqual([])
    expect(namesOf({ from: ['b'] })).toEqual(['disk/b'])
  })
})
