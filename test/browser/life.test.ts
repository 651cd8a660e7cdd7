/** What happens to a page: no network, hidden, reloaded with a vault, and a browser with less in it. */
import { describe, expect, it } from 'vitest'
import { connectIn, gotIn, present, subscribeIn, take, useWorld, type World } from './world.ts'

let world: World
useWorld((opened) => (world = opened))

describe('a page', () => {
  it('goes on where it was when the network comes back', async () => {
    const member = await world.member()
    const user = await world.browsing.user()
    const page = await world.tab({ user })
    await subscribeIn(page, 'tide')
    const up = member.subscribe('ebb')
    await Promise.all([
      member.matched('tide'),
      page.evaluate(() => bus.matched('ebb').then(() => {})),
    ])
    member.publish('tide', 1)
    await gotIn(page, 1)
    await user.setOffline(true)
    await world.killRelay()
    await page.waitForFunction(() => bus.path === 'none')
    member.publish('tide', 2)
    await page.evaluate(() => bus.publish('ebb', 'from the island'))
    await world.startRelay()
    await user.setOffline(false)
    expect(await gotIn(page, 2)).toEqual([
      ['tide', 1],
      ['tide', 2],
    ])
    expect(await take(up, 1)).toEqual(['from the island'])
    expect(await page.evaluate(() => bus.path)).toBe('relay')
  })

  it('stays present and answers though its timers are held back, as those of hidden pages are', async () => {
    const member = await world.member()
    const held = (): void => {
      const set = globalThis.setTimeout.bind(globalThis)
      globalThis.setTimeout = ((then: () => void, delayMs = 0) =>
        set(then, Math.max(delayMs, 60_000))) as unknown as typeof setTimeout
    }
    const page = await world.tab({ options: { name: 'hidden' }, before: held })
    await present(member, 'hidden', true)
    const leaving = (async () => {
      for await (const { type, peer } of member.presence.watch()) {
        if (type === 'leave' && peer.name === 'hidden') return 'left'
      }
      return 'ended'
    })()
    // Three times as long as silence is borne.
    const waited = new Promise((done) => setTimeout(() => done('still there'), 15_000))
    expect(await Promise.race([leaving, waited])).toBe('still there')
    await subscribeIn(page, 'news')
    await member.matched('news')
    member.publish('news', 'for all')
    expect(await gotIn(page, 1)).toEqual([['news', 'for all']])
  })

  it('speaks also where the browser has no cryptography for it, as in pages by plain http', async () => {
    const member = await world.member()
    const bare = (): void => {
      Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined })
    }
    const page = await world.tab({ before: bare })
    await subscribeIn(page, 'plain')
    await member.matched('plain')
    member.publish('plain', 'hello')
    expect(await gotIn(page, 1)).toEqual([['plain', 'hello']])
  })
})

describe('a vault', () => {
  it('keeps a realm over a reload, as the same identity, and forgets it', async () => {
    const member = await world.member()
    const page = await world.browsing.tab()
    const identity = await page.evaluate(async (key) => {
      const opened = await vault.openVault()
      const kept = await opened.keep({ realm: 'web', key })
      return [...kept.identity.publicKey].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    }, world.key)
    await page.reload()
    await page.waitForFunction(() => 'sixcast' in globalThis)
    await page.evaluate(async (relay) => {
      const kept = await (await vault.openVault()).read('web')
      globalThis.bus = await sixcast.connect({ ...kept!, relay, name: 'kept' })
    }, world.url)
    await present(member, 'kept', true)
    const seen = [...member.presence].find(({ name }) => name === 'kept')
    expect(seen?.identity).toBe(identity)
    const after = await page.evaluate(async () => {
      const opened = await vault.openVault()
      const before = await opened.realms()
      await opened.forget()
      return [before, await opened.realms(), (await opened.read('web')) === undefined]
    })
    expect(after).toEqual([['web'], [], true])
  })

  it('gives out no key that seals it, keeps no text that can be read, and refuses what is no key', async () => {
    const page = await world.browsing.tab()
    const found = await page.evaluate(async (key) => {
      const opened = await vault.openVault()
      await opened.keep({ realm: 'web', key, identity: sixcast.newIdentity() })
      const refusal = await opened.keep({ realm: 'web', key: 'a password' }).then(
        () => 'kept',
        (error: { code: string }) => error.code,
      )
      const database = await new Promise<IDBDatabase>((done) => {
        const request = indexedDB.open('sixcast')
        request.addEventListener('success', () => done(request.result))
      })
      const all = async (name: string): Promise<unknown[]> =>
        new Promise((done) => {
          const request = database.transaction(name).objectStore(name).getAll()
          request.addEventListener('success', () => done(request.result as unknown[]))
        })
      const [wrapping] = (await all('keys')) as [CryptoKey]
      const [{ box }] = (await all('secrets')) as [{ box: ArrayBuffer }]
      const given = await crypto.subtle.exportKey('raw', wrapping).then(
        () => 'given',
        () => 'not given',
      )
      const text = String.fromCharCode(...new Uint8Array(box))
      return [refusal, wrapping.extractable, given, text.includes('sixcast')]
    }, world.key)
    expect(found).toEqual(['INVALID_KEY', false, 'not given', false])
    const again = connectIn(page, { realm: 'web', relay: world.url })
    await expect(again).rejects.toThrow(/^INVALID_KEY: realm "web" has no key in this page/)
  })
})
