/** How long `sixcast set --where` takes at most. */
import { afterEach, expect, it, vi } from 'vitest'
import { setInTime } from '../../../bus/cli/set.ts'
import { network } from '../api/company.ts'

afterEach(() => {
  vi.useRealTimers()
})

it('takes no longer to set a variable of many than it may, with the time to find them', async () => {
  const bus = await network()({ tags: { kind: 'lamp' } })
  bus.expose('mode', 'day', { writable: true })
  vi.useFakeTimers({ toFake: ['performance'] })
  const given: number[] = []
  const watched: Parameters<typeof setInTime>[0] = {
    // All that it may take, it takes.
    fetch: (name, how) => {
      given.push(how?.timeout ?? 0)
      vi.advanceTimersByTime(how?.timeout ?? 0)
      return bus.fetch(name as string, how as object) // as setInTime asks
    },
    setAll: (name, value, how) => {
      given.push(how?.timeout ?? 0)
      return bus.setAll(name, value, how)
    },
  }
  const job = { name: 'mode', value: 'night', options: { timeout: 5000 } }
  const { signal } = new AbortController()
  const found = await setInTime(watched, { ...job, all: { where: { kind: 'lamp' } } }, signal)
  expect(found.outcomes).toMatchObject([{ type: 'written', value: 'night' }])
  expect(given).toEqual([2500, 2500])
})
