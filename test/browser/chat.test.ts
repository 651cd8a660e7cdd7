/** The chat of docs/examples: tabs and a shell talk, and see each other come and go. */
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chat, openChat } from '../../docs/examples/chat/serve.ts'
import { useWorld, type World } from './world.ts'

const PICTURE = { width: 900, height: 520 }

let world: World
let chat: Chat
/** A guest's, that opens the chat alone. */
let key = ''
useWorld((opened) => (world = opened))

beforeAll(async () => {
  chat = await openChat({ realm: 'web', key: world.key, port: Number(world.home.port) }, 0)
  const { out } = await world.home.run(['keys', 'export', '--topics', 'chat/**', ...world.words])
  key = out.trim()
})

afterAll(() => chat[Symbol.asyncDispose]())

describe('the chat', () => {
  it('joins two tabs and a shell, shows who is here, and keeps the key for the next tab', async () => {
    const named = (name: string): string[] => [...world.words, '--name', name]
    const listening = await world.home.subscriber(['chat/*', ...named('a shell')])
    const speaking = world.home.start(['pub', 'chat/cy', '--lines', ...named('cy')])
    const ann = await opened()
    try {
      await enter(ann, 'ann', key)
      const ben = await opened(ann)
      // The vault has the key by now.
      expect(await ben.getByLabel('Key of the realm').isVisible()).toBe(false)
      await enter(ben, 'ben')
      for (const [page, self, other] of [
        [ann, 'ann', 'ben'],
        [ben, 'ben', 'ann'],
      ] as const) {
        const people = page.locator('#people')
        await people.getByText(`${self} (you)`).waitFor()
        for (const name of [other, 'a shell', 'cy']) {
          await people.getByText(name, { exact: true }).waitFor()
        }
      }
      await say(ann, 'Hello, <b>everybody</b>')
      await ben.locator('#lines li', { hasText: 'annHello, <b>everybody</b>' }).waitFor()
      await ann.locator('#lines li.mine', { hasText: '<b>everybody</b>' }).waitFor()
      await listening.says(/^chat\/ann Hello, <b>everybody<\/b>$/m)
      speaking.write('Good morning from a terminal\n')
      for (const page of [ann, ben]) {
        await page.locator('#lines li', { hasText: 'cyGood morning from a terminal' }).waitFor()
      }
      await say(ben, 'Good morning!')
      await ann.locator('#lines li', { hasText: 'benGood morning!' }).waitFor()
      await keepPicture(ann)
      await ben.close()
      await ann.locator('#lines .note', { hasText: 'ben has left' }).waitFor()
      expect(await ann.locator('#people').textContent()).not.toContain('ben')
      // Who comes later has what is still there.
      await ann.reload()
      await enter(ann, 'ann')
      await ann.locator('#lines li', { hasText: 'Good morning from a terminal' }).waitFor()
      await ann.getByRole('button', { name: 'Forget the key' }).click()
      await ann.getByLabel('Key of the realm').waitFor()
    } finally {
      await ann.context().close()
      listening.kill('SIGINT')
      speaking.kill('SIGINT')
      await Promise.all([listening.ended, speaking.ended])
    }
  })

  it.each([
    ['none', 'a password', /no key|sixcast key/i],
    ['another realm’s', `sixcast-key-1 ${'A'.repeat(43)}`, /key/],
  ])('says that a key is %s, and keeps none', async (_, wrong, message) => {
    const page = await opened()
    await enter(page, 'dan', wrong)
    await page.locator('#state', { hasText: message }).waitFor()
    expect(await page.locator('#room').isVisible()).toBe(false)
    await page.reload()
    await page.getByLabel('Key of the realm').waitFor()
    await page.context().close()
  })

  it('gives out its three files, and no key in any of them', async () => {
    const { origin } = new URL(chat.url)
    const texts = await Promise.all(
      ['/', '/chat.css', '/chat.js', '/index.html', '/web.key', '/../../package.json'].map(
        async (path) => {
          const answer = await fetch(`${origin}${path}`)
          return { status: answer.status, text: await answer.text() }
        },
      ),
    )
    expect(texts.map(({ status }) => status)).toEqual([200, 200, 200, 404, 404, 404])
    const secrets = [world.key, key].map((text) => text.trim().split(/\s+/).at(-1)!)
    for (const { text } of texts) for (const secret of secrets) expect(text).not.toContain(secret)
    expect((await fetch(origin, { method: 'POST' })).status).toBe(404)
  })
})

/** A tab of the same user as another one's, or of a new one. */
async function opened(beside?: Page): Promise<Page> {
  const page = beside ? await beside.context().newPage() : await world.browsing.blank()
  await page.goto(chat.url)
  await page.getByRole('button', { name: 'Join' }).waitFor()
  return page
}

async function enter(page: Page, name: string, text?: string): Promise<void> {
  await page.getByLabel('Your name').fill(name)
  if (text !== undefined) await page.getByLabel('Key of the realm').fill(text)
  await page.getByRole('button', { name: 'Join' }).click()
  if (text === undefined || text === key) await page.locator('#room').waitFor()
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Say something').fill(text)
  await page.getByRole('button', { name: 'Say', exact: true }).click()
}

/** For the documents, when they want a new one: `npm run screenshots`. */
async function keepPicture(page: Page): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (!folder) return
  await page.setViewportSize(PICTURE)
  await page.screenshot({ path: join(folder, 'chat.png') })
}
