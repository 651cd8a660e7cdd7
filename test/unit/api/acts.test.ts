/** Calls of the program's `act`: turns, and those that are given up before theirs. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Acts } from '../../../bus/api/variables/acts.ts'
import type { Subject } from '../../../bus/api/variables/subject.ts'

it('keeps nothing of a subject that is over before its turn', async () => {
  const acted: Subject[] = []
  let finish = (): void => undefined
  const acts = new Acts({
    concurrency: 1,
    act: (subject) => {
      acted.push(subject)
      return new Promise((resolve) => (finish = resolve))
    },
    done: () => undefined,
  })
  const subjects = ['hung', 'over', 'next'].map((value) => ({ isIn: true, value }))
  const [hung, over, next] = subjects as unknown as Subject[] // all that it reads
  for (const subject of [hung!, over!, next!]) acts.add(subject)
  acts.drop(over!)
  finish()
  await turn()
  expect(acted).toEqual([hung, next])
  finish()
  await acts.close()
})
