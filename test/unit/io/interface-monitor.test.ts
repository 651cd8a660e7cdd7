/** What the monitor reports between two looks at the interfaces. */
import { expect, test } from 'vitest'
import { InterfaceMonitor, type RepeatTimer } from '../../../bus/io/interface-monitor.ts'
import type { NetworkInterface } from '../../../bus/io/interfaces.ts'

test('reports nothing while nothing changes', () => {
  const world = watch([eth0])
  world.look([{ ...eth0, addresses: [...eth0.addresses] }])
  expect(world.reports).toEqual([])
})

test('reports what has come and what has gone, the gone first', () => {
  const world = watch([eth0])
  world.look([eth1])
  expect(world.reports).toEqual(['down eth0 2', 'up eth1 3'])
  world.look([])
  world.look([eth0])
  expect(world.reports.slice(2)).toEqual(['down eth1 3', 'up eth0 2'])
})

test('reports another interface under the same name', () => {
  const world = watch([eth0])
  world.look([{ ...eth0, index: 8 }])
  expect(world.reports).toEqual(['recreated eth0 8'])
})

test('reports new and lost addresses, not a new order', () => {
  const world = watch([{ ...eth0, addresses: ['a', 'b'] }])
  world.look([{ ...eth0, addresses: ['b', 'a'] }])
  expect(world.reports).toEqual([])
  world.look([{ ...eth0, addresses: ['b'] }])
  world.look([{ ...eth0, addresses: ['b', 'c'] }])
  world.look([{ ...eth0, addresses: ['b', 'd'] }])
  expect(world.reports).toEqual(Array(3).fill('addresses eth0 2'))
})

test('looks every second until it is closed', () => {
  const world = watch([eth0])
  expect(world.everyMs).toBe(1_000)
  world.monitor.close()
  expect(world.stopped()).toBe(true)
})

const eth0: NetworkInterface = {
  name: 'eth0',
  index: 2,
  zone: 'eth0',
  addresses: ['fe80::2%eth0'],
  linkLocal: true,
  loopback: false,
  multicast: true,
}
const eth1: NetworkInterface = { ...eth0, name: 'eth1', zone: 'eth1', index: 3 }

interface World {
  readonly monitor: InterfaceMonitor
  readonly reports: string[]
  readonly everyMs: number
  stopped(): boolean
  /** The timer fires and the interfaces are these. */
  look(interfaces: readonly NetworkInterface[]): void
}

function watch(known: readonly NetworkInterface[]): World {
  let now = known
  let tick = (): void => {}
  let period = 0
  let stopped = false
  const timer: RepeatTimer = (callback, everyMs) => {
    tick = callback
    period = everyMs
    return () => (stopped = true)
  }
  const reports: string[] = []
  const monitor = new InterfaceMonitor(known, {
    look: () => now,
    report: ({ type, interface: one }) => reports.push(`${type} ${one.name} ${one.index}`),
    timer,
  })
  return {
    monitor,
    reports,
    everyMs: period,
    stopped: () => stopped,
    look(interfaces) {
      now = interfaces
      tick()
    },
  }
}
