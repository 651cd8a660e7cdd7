/** What the program is told of its path: what has changed, and nothing else. */
import { expect, it } from 'vitest'
import { Paths } from '../../../bus/api/paths.ts'
import { FakeLog } from '../relay/fake-log.ts'

it('a change of what no path follows is told neither to the program nor to the log', () => {
  const log = new FakeLog()
  const events: object[] = []
  const paths = new Paths({ path: 'hub', log }, (event) => events.push(event))
  paths.useUnicast(true, 'somebody is reached by unicast')
  paths.useUnicast(false, 'nobody is met by unicast')
  paths.turn('hub', 'still no multicast')
  expect([events, log.notes]).toEqual([[], []])
  paths.turn('multicast', 'multicast is there')
  paths.useUnicast(true, 'somebody is reached by unicast')
  paths.turn('multicast', 'another interface')
  expect(log.notes).toEqual([
    [{ path: 'multicast', reason: 'multicast is there' }, 'path changed'],
    [{ path: 'unicast', reason: 'somebody is reached by unicast' }, 'path changed'],
  ])
  expect(events).toMatchObject([
    { from: 'hub', to: 'multicast' },
    { from: 'multicast', to: 'unicast' },
  ])
})
