/** Tables of a terminal: in line whatever script and sign stands in their cells. */
import { expect, it } from 'vitest'
import { table } from '../../../bus/cli/table.ts'

it('is in line with characters that take two columns, or none of their own', () => {
  const rows = [
    ['日本語', 'a'],
    ['한국어', 'b'],
    ['ａｂ', 'c'],
    ['ｱｲ', 'd'],
    ['🙂🇩🇪', 'e'],
    ['1️⃣', 'f'],
    ['e\u0301é', 'g'],
    ['…—「」ー', 'h'],
  ]
  expect(table(['N', 'V'], rows)).toBe(
    [
      'N         V',
      '日本語    a',
      '한국어    b',
      'ａｂ      c',
      'ｱｲ        d',
      '🙂🇩🇪      e',
      '1️⃣        f',
      'e\u0301é        g',
      '…—「」ー  h',
      '',
    ].join('\n'),
  )
})
