/** What scrapers read, by the grammar of the text format, and that nothing is left out. */
import { describe, expect, it } from 'vitest'
import { RELAY_COUNTER_NAMES, RELAY_COUNTERS } from '../../../relay/counters.ts'
import { busAt, linkAt, relayWith } from './world.ts'

/** A family of the text format 0.0.4 without labels: its help, its type and one sample. */
const FAMILY =
  /# HELP (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<help>[^\\\n]+)\n# TYPE \k<name> (?<type>counter|gauge)\n\k<name> (?<value>\d+(?:\.\d+)?(?:e[+-]?\d+)?)\n/g

async function scraped(url: string): Promise<{ text: string; type: string | null }> {
  const response = await fetch(`${url.replace('ws:', 'http:')}/metrics`)
  return { text: await response.text(), type: response.headers.get('content-type') }
}

describe('/metrics', () => {
  it('is text that scrapers take, to its last byte', async () => {
    const relay = await relayWith({ metrics: true })
    const { text, type } = await scraped(relay.url)
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text.replaceAll(FAMILY, '')).toBe('')
    const families = [...text.matchAll(FAMILY)].map(({ groups }) => groups!)
    const names = families.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name, type: kind } of families) {
      expect(`${name} is a ${kind}`).toBe(
        `${name} is a ${name!.endsWith('_total') ? 'counter' : 'gauge'}`,
      )
    }
  })

  it('has every number of stats() by its name', async () => {
    const relay = await relayWith({ metrics: true })
    const bus = await busAt(relay.url)
    bus.publish('x', 1)
    await linkAt(relay.url)
    const { text } = await scraped(relay.url)
    const families = [...text.matchAll(FAMILY)].map(({ groups }) => groups!)
    const values = new Map(families.map(({ name, value }) => [name, Number(value)]))
    for (const name of Object.keys(relay.stats())) {
      const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
      const end = name in RELAY_COUNTERS ? '_total' : ''
      expect([...values.keys()]).toContain(`sixcast_relay_${snake}${end}`)
    }
    expect(values.get('sixcast_relay_links')).toBe(2)
    expect(values.get('sixcast_relay_links_opened_total')).toBe(2)
    expect(values.get('sixcast_relay_bytes_in_total')).toBeGreaterThan(0)
    expect(RELAY_COUNTER_NAMES.length).toBeGreaterThan(40)
  })
})
