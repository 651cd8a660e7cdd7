/** Chromium, pages in it that have the package, and the server that they come from. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type * as Vault from '../../client/vault.ts'
import type * as Sixcast from '../../bus/index.ts'
import { bundle } from './bundle.ts'

declare global {
  /** What the pages have, and where a test puts what it needs later. */
  var sixcast: typeof Sixcast
  var vault: typeof Vault
  var bus: Sixcast.Bus
  var got: unknown[]
}

export class Browsing implements AsyncDisposable {
  /** Where the pages come from. */
  readonly origin: string
  /** What has gone wrong in any page. */
  readonly faults: string[] = []
  readonly #browser: Browser
  readonly #server: Server

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser
    this.#server = server
    this.origin = `http://localhost:${(server.address() as AddressInfo).port}`
  }

  static async open(): Promise<Browsing> {
    const { code } = await bundle(ENTRY)
    const server = createServer(({ url }, response) => {
      const script = url === '/entry.js'
      response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html; charset=utf-8')
      response.end(script ? code : PAGE)
    })
    await new Promise<void>((done) => server.listen(0, 'localhost', done))
    const executablePath = '/usr/bin/chromium'
    return new Browsing(await chromium.launch({ executablePath, args: FLAGS }), server)
  }

  /** A user of the browser: what is stored, and whether there is a network, is each one's own. */
  user(): Promise<BrowserContext> {
    return this.#browser.newContext()
  }

  /** An empty tab of a new user. */
  async blank(): Promise<Page> {
    const page = await (await this.user()).newPage()
    page.on('pageerror', (error) => this.faults.push(String(error)))
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) this.faults.push(message.text())
    })
    page.setDefaultTimeout(PATIENCE_MS)
    return page
  }

  /** A new tab. `before` runs before anything else in it. */
  async tab(user?: BrowserContext, before?: () => void): Promise<Page> {
    const page = await (user ?? (await this.user())).newPage()
    page.on('pageerror', (error) => this.faults.push(String(error)))
    page.setDefaultTimeout(PATIENCE_MS)
    if (before) await page.addInitScript(before)
    await page.goto(this.origin)
    await page.waitForFunction(() => 'sixcast' in globalThis)
    return page
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close()
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }
}

/** The package by its names, as a program in a page has it. */
const ENTRY = `
  import * as sixcast from 'sixcast'
  import * as vault from 'sixcast/vault'
  Object.assign(globalThis, { sixcast, vault })
`
const PAGE = '<!doctype html><title>sixcast</title><script type="module" src="/entry.js"></script>'
/** For whatever must come, on a machine that has other things to do. */
const PATIENCE_MS = 100_000
/** Nothing of the browser's own shall reach for a network, and root has no sandbox. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
]
