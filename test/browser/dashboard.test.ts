/** The dashboard of a relay in a browser: what it shows of segments, trunks, links, peers and topics. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Bus } from '../../bus/index.ts'
import { objectsOf } from '../cli/command.ts'
import { useWorld, type World } from './world.ts'

const TOKEN = 'a token of the test'.replaceAll(' ', '-')
const MARKUP = 'next door <img src=x onerror=alert(1)>'
const PICTURE = { width: 1060, height: 900 }
const NARROW = { width: 360, height: 740 }

let world: World
let address = ''
useWorld((opened) => (world = opened))

/**
 * A second relay, with a trunk to that of the world and links with less room than a large packet
 * takes, on a segment of its own: another port.
 */
beforeAll(async () => {
  const file = join(world.home.config, 'dashboard.token')
  writeFileSync(file, `${TOKEN}\n`, { mode: 0o600 })
  const words = ['--listen', '[::1]:0', '--port', String(ownPort()), '--link', world.url, '--json']
  const room = ['--dashboard', file, '--limit', 'bufferSize=50000']
  const run = world.home.start(['relay', ...world.words, ...words, ...room])
  await run.says(/"type":"relay"/)
  address = String(objectsOf(run.text('out'))[0]?.['dashboard'])
})

describe('the dashboard', () => {
  it('lets nobody in without the token, and whoever has it', async () => {
    const status = async (path: string, token?: string): Promise<number> => {
      const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
      return (await fetch(`${address}${path}`, { headers })).status
    }
    expect(await status('/snapshot')).toBe(401)
    expect(await status('/page.js')).toBe(401)
    expect(await status('/snapshot', 'a-wrong-token-of-it')).toBe(401)
    expect(await status('/snapshot', TOKEN)).toBe(200)
    const page = await world.browsing.blank()
    await page.goto(address)
    expect(await page.locator('#main').count()).toBe(0)
    await enter(page, 'another-wrong-token')
    expect(await page.getByRole('alert').textContent()).toBe('That is not the token.')
    await enter(page, TOKEN)
    await page.locator('#state', { hasText: 'links' }).waitFor()
    const [cookie] = await page.context().cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/dashboard' })
    expect(cookie?.value).not.toContain(TOKEN)
    await page.getByRole('button', { name: 'Leave' }).click()
    await page.getByLabel('Token').waitFor()
  })

  it('shows segments, trunks, links, peers, rates, and topics by tag, then by name', async () => {
    const page = await entered()
    // What fails here is tried again: whoever is left from before would be shown as well.
    await using far = await world.member({ name: 'far away' })
    await using near = await linked('near by')
    await using _ = await world.member({ name: MARKUP, port: ownPort() })
    const listening = near.subscribe('hall/*')
    await far.matched('hall/lamp')
    // Its packets of 60,000 bytes never find room, and are asked for again until they are a gap.
    far.publish('hall/lamp', new Uint8Array(200_000))
    const ticks = setInterval(() => far.publish('hall/lamp', 'tick'), 20)
    try {
      await page.locator('.card.segment', { hasText: 'next door' }).waitFor()
      await page.locator('.card.trunk', { hasText: 'far away' }).waitFor()
      await page.locator('.card.link', { hasText: 'near by' }).waitFor()
      await page.locator('.card.trunk', { hasText: /in [1-9][\d.,]*\/s/ }).waitFor()
      await page.locator('.card.link', { hasText: /out [1-9][\d.,]*\/s/ }).waitFor()
      expect(await page.locator('#peers').textContent()).toContain('far away')
      // Text, as anything that peers say of themselves.
      expect(await page.locator('#peers').textContent()).toContain(MARKUP)
      expect(await page.locator('#main img').count()).toBe(0)
      await page.locator('#counters', { hasText: 'bufferFull' }).waitFor()
      const row = page.locator('#topics tbody tr', { hasText: /^[\da-f]{16}/ }).first()
      await row.locator('[data-column="Asked for"]', { hasText: /[1-9]/ }).waitFor()
      // They are counts, and no rates.
      for (const column of ['Again or late', 'Asked for', 'Lost'])
        expect(await row.locator(`[data-column="${column}"]`).textContent()).toMatch(/^[\d,]+$/)
      expect(await page.locator('#topics').textContent()).not.toContain('hall')
      await page.getByLabel('Key of the realm').fill(world.key)
      await page.getByRole('button', { name: 'Show names' }).click()
      await page.locator('#topics td', { hasText: 'hall/lamp' }).waitFor()
      await page.locator('#topics [data-column=Rate]', { hasText: /[1-9][\d.,]*\/s/ }).waitFor()
      expect(await page.locator('figure canvas').count()).toBe(3)
      await keepPicture(page)
    } finally {
      clearInterval(ticks)
      await listening.close()
    }
    await page.setViewportSize(NARROW)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(wide).toBeLessThanOrEqual(NARROW.width)
  })

  it('says that a key is none, or of another realm, and shows the segment of a relay that has one', async () => {
    const run = world.home.start([
      'relay',
      ...world.words,
      '--listen',
      '[::1]:0',
      '--dashboard',
      'new',
      '--json',
      '--nats',
      'nats://[::1]:1',
    ])
    await run.says(/"type":"relay"/)
    const [told] = objectsOf(run.text('out'))
    const page = await world.browsing.blank()
    await page.goto(String(told?.['dashboard']))
    await enter(page, String(told?.['token']))
    await page.locator('.card.segment', { hasText: 'all interfaces' }).waitFor()
    await page.locator('.card.backbone.lost p', { hasText: /^not there: / }).waitFor()
    expect(await page.locator('#state .lost').textContent()).toBe('backbone lost')
    await page.getByLabel('Key of the realm').fill('a password')
    await page.getByRole('button', { name: 'Show names' }).click()
    await page.locator('output', { hasText: 'holds no sixcast key' }).waitFor()
  })
})

/** For the documents, when they want a new one: `npm run screenshots`. */
async function keepPicture(page: Page): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (!folder) return
  await page.setViewportSize(PICTURE)
  await page.waitForTimeout(20_000)
  await page.screenshot({ path: join(folder, 'dashboard.png'), fullPage: true })
}

function ownPort(): number {
  return Number(world.home.port) + 1
}

async function entered(): Promise<Page> {
  const page = await world.browsing.blank()
  await page.goto(address)
  await enter(page, TOKEN)
  return page
}

async function enter(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Enter' }).click()
}

/** A peer that has the second relay alone. */
function linked(name: string): Promise<Bus> {
  const relay = address.replace('http:', 'ws:').replace('/dashboard', '')
  return world.member({ name, relay, multicast: false })
}
