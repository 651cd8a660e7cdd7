/** The demo's sums, its readings, and its view on a terminal. */
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { onceEach } from '../../../bus/cli/demo-crew.ts'
import { meterOf } from '../../../bus/cli/demo-readings.ts'
import { type Counted, faultsOf, tallyOf } from '../../../bus/cli/demo-tally.ts'
import { View } from '../../../bus/cli/demo-view.ts'
import type { DeliveryReport } from '../../../bus/cli/demo-words.ts'
import { Output } from '../../../bus/cli/output.ts'

const silent: DeliveryReport = {
  packetsSent: 2,
  bytesSent: 100,
  delivered: 0,
  gaps: 0,
  published: new Map(),
  latest: new Map(),
}

function crew(delivered: number, gaps = 0): Counted[] {
  const published = new Map([
    ['m/h/load', 10],
    ['m/h/network/lo', 5],
  ])
  return [
    {
      duty: { type: 'publish', name: 'p', reading: 'load' },
      report: { ...silent, published },
    },
    {
      duty: { type: 'subscribe', name: 's', patterns: ['m/**', 'm/*/load'] },
      report: { ...silent, delivered, gaps, latest: new Map([['m/h/load', { one: '\u001b[2J' }]]) },
    },
    { duty: { type: 'publish', name: 'q', reading: 'memory' }, report: undefined },
  ]
}

describe('the tally', () => {
  it('adds up, and expects each message once for each pattern that matches', () => {
    expect(tallyOf(crew(25))).toEqual({
      published: 15,
      expected: 25,
      packetsSent: 4,
      bytesSent: 200,
      delivered: 25,
      gaps: 0,
    })
    expect(faultsOf(tallyOf(crew(25)))).toEqual([])
  })

  it('finds what is missing, lost, or not delivered at all', () => {
    expect(faultsOf(tallyOf(crew(24)))).toEqual(['24 deliveries instead of 25'])
    expect(faultsOf(tallyOf(crew(25, 3)))).toEqual(['3 messages were lost'])
    expect(faultsOf(tallyOf([]))).toEqual(['nothing was delivered'])
  })
})

describe.each(['load', 'memory', 'network'] as const)('the %s meter', (name) => {
  it('reads plain values for topics of this machine', () => {
    const readings = [...meterOf(name)()]
    expect(readings.length).toBeGreaterThan(0)
    for (const [topic, value] of readings) {
      expect(topic).toMatch(/^machine\/[\w.-]+\/(load|processor|memory|network\/[\w.-]+)$/)
      expect(Object.values(value as object).every(Number.isFinite)).toBe(true)
    }
  })
})

describe('what the processes log', () => {
  it('is passed on once when they say it alike', () => {
    const lines: string[] = []
    const log = onceEach((line) => lines.push(line))
    for (const line of ['a', 'b', 'a', 'a', 'c', 'b']) log(line)
    expect(lines).toEqual(['a', 'b', 'c'])
  })
})

describe('the view on a terminal', () => {
  it('draws itself anew in place, without what the values would do to the terminal', async () => {
    const stream = new PassThrough()
    const output = new Output(stream)
    const view = new View(output, 'table', crew(25))
    view.show(0)
    view.show(250)
    await output.flush(new AbortController().signal)
    const drawn = String(stream.read())
    const [first = '', second = ''] = drawn.split('\u001b[4A\u001b[J')
    expect(first).toMatch(/^TOPIC +LATEST VALUE\nm\/h\/load +\{"one":"\\u001b\[2J"\}\n\n0\.0 s /)
    expect(second).toMatch(/^TOPIC[^]*\n0\.3 s {2}15 messages, 4 packets, 25 deliveries, 0 gaps\n$/)
  })
})
