/** What the plots of the benchmark show, and what they leave out. */
import { describe, expect, it } from 'vitest'
import { plotsOf } from '../../bench/speed/document.ts'
import { compact, type Plot, svgOf } from '../../bench/speed/plot.ts'
import type { Median } from '../../bench/speed/results.ts'

describe('a plot', () => {
  it('has a bar for each value, as long as its part of the longest, and none for what is missing', () => {
    const rows = [
      { name: 'sixcast', values: [50, 100] },
      { name: 'raw', values: [undefined, 25] },
    ]
    const svg = svgOf(plot([{ title: '64 B', rows }]))
    const bars = [...svg.matchAll(/<rect x="190" y="[\d.]+" width="([\d.]+)"/g)]
    expect(bars.map(([, width]) => Number(width))).toEqual([250, 500, 125])
  })

  it('scales each panel for itself', () => {
    const panel = (value: number): Plot['panels'][number] => ({
      title: '',
      rows: [{ name: 'raw', values: [value] }],
    })
    const svg = svgOf(plot([panel(1), panel(1000)]))
    const bars = [...svg.matchAll(/<rect x="190" y="[\d.]+" width="([\d.]+)"/g)]
    expect(bars.map(([, width]) => width)).toEqual(['500.0', '500.0'])
  })

  it('says what it shows, of which machine, and lets no text be markup', () => {
    const svg = svgOf({ ...plot([]), title: 'a <b> & "c"', note: 'of a machine' })
    expect(svg).toContain('aria-label="a &lt;b&gt; &amp; &quot;c&quot;"')
    expect(svg).toContain('>of a machine</text>')
    expect(svg).not.toContain('<b>')
  })

  it('is as high as what is in it', () => {
    const height = (rows: number): number => {
      const row = { name: 'raw', values: [1] }
      const svg = svgOf(plot([{ title: '', rows: Array.from({ length: rows }, () => row) }]))
      return Number(/height="([\d.]+)"/.exec(svg)?.[1])
    }
    expect(height(3) - height(2)).toBe(height(2) - height(1))
    expect(height(2)).toBeGreaterThan(height(1))
  })

  it.each([
    [0, '0'],
    [0.123, '0.12'],
    [9.996, '10.0'],
    [99.96, '100'],
    [999.4, '999'],
    [999.9, '1.00k'],
    [12_345, '12.3k'],
    [547_000, '547k'],
    [1_234_567, '1.23M'],
  ])('writes %d as %s', (value, written) => {
    expect(compact(value)).toBe(written)
  })
})

describe('the plots of what was measured', () => {
  it('are of speed, processor time and latency, sizes and numbers of subscribers in order', () => {
    const latency = { p50: 0.1, p90: 0.2, p99: 0.3 }
    const medians = [
      median({ size: 1024, subscribers: 8 }),
      median({ size: 64, subscribers: 1, latency }),
      median({ size: 64, subscribers: 8, perSecond: 7 }),
    ]
    const [speed, cpu, calm] = plotsOf('net', medians)
    expect(speed).toMatchObject({
      name: 'speed',
      series: ['N = 1', 'N = 8'],
      panels: [
        { title: '64 B', rows: [{ name: 'raw', values: [1, 7] }] },
        { title: '1 KiB', rows: [{ name: 'raw', values: [undefined, 1] }] },
      ],
    })
    expect(cpu?.name).toBe('cpu')
    expect(calm?.panels.map(({ rows }) => rows[0]?.values)).toEqual([
      [0.1, undefined],
      [0.3, undefined],
    ])
  })

  it('are none of what was not measured', () => {
    expect(plotsOf('host', [median({})]).map(({ name }) => name)).toEqual(['speed', 'cpu'])
  })
})

function plot(panels: Plot['panels']): Plot {
  return { title: 'speed', note: 'machine', series: ['N = 1', 'N = 8'], panels }
}

function median(given: Partial<Median>): Median {
  return {
    peer: 'raw',
    size: 64,
    subscribers: 1,
    perSecond: 1,
    cpu: 1,
    lost: 0,
    memory: 0,
    wireBytes: undefined,
    latency: undefined,
    ...given,
  }
}
