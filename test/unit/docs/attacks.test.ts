/** Holds docs/security.md to the attack suite: each attack is named there, and none that is not. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** Those beside the suite need processes, networks, or another language. */
const folders = ['attack', 'net', 'cli', 'interop', 'browser'].map((name) => `test/${name}`)
const title = '## The attacks'

/** `subject | by | attack`, of every attack in the suite. */
function attacks(): string[] {
  return folders
    .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
    .filter((path) => path.endsWith('.test.ts'))
    .flatMap((path) => attacksIn(readFileSync(path, 'utf8')))
}

function attacksIn(source: string): string[] {
  const found: string[] = []
  let subject = ''
  const pattern = /describe\((['"])(.*?)\1|attack\(\s*(['"])(.*?)\3,\s*\{\s*by: '([a-z ]+)'/g
  for (const [, , described, , name, by] of source.matchAll(pattern)) {
    if (described !== undefined) subject = described
    else found.push(`${subject} | ${by} | ${name}`)
  }
  return found
}

/** The same, from the rows of the table. */
function documented(): string[] {
  const [, text = ''] = readFileSync('docs/security.md', 'utf8').split(title)
  return text
    .split('\n')
    .filter((line) => /^\| [^-]/.test(line))
    .slice(1)
    .flatMap((line) => {
      const [, subject = '', by = '', names = ''] = line.split('|').map((cell) => cell.trim())
      return names.split('; ').map((name) => `${subject} | ${by} | ${name}`)
    })
}

describe('docs/security.md', () => {
  it('names every attack of the suite, and no other', () => {
    expect(documented().toSorted()).toEqual(attacks().toSorted())
  })

  it('has no two attacks of one name, and as many as were promised', () => {
    expect(new Set(attacks()).size).toBe(attacks().length)
    expect(attacks().length).toBeGreaterThanOrEqual(40)
  })

  it('finds each form of an attack in a source', () => {
    const source = `describe('a box', () => { attack('one', { by: 'member', holds: '' }, f)
      attack(
        "it's two",
        {
          by: 'on path',`
    expect(attacksIn(source)).toEqual(['a box | member | one', "a box | on path | it's two"])
  })
})
