/** A realm of a test's own: a relay, members on this host's multicast, and pages that have the relay. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { type Bus, connect, type ConnectOptions, type Message } from '../../bus/index.ts'
import { keyText } from '../../bus/io/key-text.ts'
import { Home, objectsOf, type Run } from '../cli/command.ts'
import { Browsing } from './browser.ts'

/** Options of `connect` that a page can be told. */
export type PageOptions = Omit<ConnectOptions, 'signal' | 'codec' | 'log'> & {
  readonly key?: string
  readonly identity?: string
}

/** Opens the world of a file of tests, and ends it behind them: what has failed in a page fails there. */
export function useWorld(opened: (world: World) => void): void {
  let world: World
  beforeAll(async () => {
    world = await World.open()
    opened(world)
  })
  afterAll(async () => {
    const { faults } = world.browsing
    await world[Symbol.asyncDispose]()
    if (faults.length > 0) throw new Error(`pages failed: ${faults.join('\n')}`)
  })
}

export class World implements AsyncDisposable {
  readonly browsing: Browsing
  readonly home: Home = new Home()
  readonly key: string = keyText(new Uint8Array(randomBytes(32)))
  readonly keyFile: string = join(this.home.config, 'web.key')
  readonly #buses: Bus[] = []
  #relay: Run | undefined
  #url = ''

  private constructor(browsing: Browsing) {
    this.browsing = browsing
    writeFileSync(this.keyFile, this.key, { mode: 0o600 })
  }

  static async open(): Promise<World> {
    const world = new World(await Browsing.open())
    await world.startRelay()
    return world
  }

  get url(): string {
    return this.#url
  }

  /** What every command of this world needs. */
  get words(): string[] {
    return ['--realm', 'web', '--key', this.keyFile]
  }

  /** Starts the relay: again where it was. */
  async startRelay(): Promise<void> {
    const listen = this.#url === '' ? '[::1]:0' : this.#url.replace('ws://', '')
    const words = ['--listen', listen, '--origin', this.browsing.origin, '--json']
    const run = this.home.start(['relay', ...this.words, ...words])
    await run.says(/"type":"relay"/)
    this.#relay = run
    this.#url = String(objectsOf(run.text('out'))[0]?.['url'])
  }

  /** As the power fails. */
  async killRelay(): Promise<void> {
    this.#relay?.kill('SIGKILL')
    await this.#relay?.ended
  }

  /** A member on this host, by multicast. */
  async member(options: ConnectOptions = {}): Promise<Bus> {
    const own = { realm: 'web', key: this.key, port: Number(this.home.port) }
    const bus = await connect({ ...own, ...options })
    this.#buses.push(bus)
    return bus
  }

  /** A tab whose page has a bus, as `bus`. */
  async tab(given: { user?: BrowserContext; options?: PageOptions; before?: () => void } = {}) {
    const page = await this.browsing.tab(given.user, given.before)
    await connectIn(page, { realm: 'web', key: this.key, relay: this.#url, ...given.options })
    return page
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#buses.map((bus) => bus.close({ linger: 0 })))
    await this.browsing[Symbol.asyncDispose]()
    this.home[Symbol.dispose]()
  }
}

/** Connects in a page; rejects as it does there, with `code: message`. */
export async function connectIn(page: Page, options: PageOptions): Promise<void> {
  const failed = await page.evaluate(async (given) => {
    try {
      globalThis.bus = await sixcast.connect(given)
      return undefined
    } catch (error) {
      return error instanceof sixcast.BusError ? `${error.code}: ${error.message}` : String(error)
    }
  }, options)
  if (failed !== undefined) throw new Error(failed)
}

/** Subscribes in a page; what comes is in `got`: [topic, value], or the gap. */
export async function subscribeIn(
  page: Page,
  pattern: string,
  history: 'all' | 'none' = 'none',
): Promise<void> {
  await page.evaluate(
    ([wanted, past]) => {
      globalThis.got = []
      const options = { gaps: true, queue: 100_000, ...(past === 'all' && { history: past }) }
      const messages = bus.subscribe(wanted!, options as { gaps: true })
      void (async () => {
        for await (const item of messages) {
          const plain = (value: unknown) => (value instanceof Uint8Array ? [...value] : value)
          got.push(item.type === 'message' ? [item.topic, plain(item.value)] : item)
        }
      })()
    },
    [pattern, history],
  )
}

/** Resolves to what has come in a page once there is so much of it. */
export async function gotIn(page: Page, count: number): Promise<unknown[]> {
  await page.waitForFunction((wanted) => got.length >= wanted, count)
  return page.evaluate(() => got)
}

/** Takes so many messages of a member's subscription. */
export async function take<T>(from: AsyncIterable<Message<T>>, count: number): Promise<T[]> {
  const values: T[] = []
  for await (const { value } of from) {
    values.push(value)
    if (values.length === count) break
  }
  return values
}

/** Resolves when somebody of this name is there, or is not. */
export async function present(bus: Bus, name: string, wanted: boolean): Promise<void> {
  const there = (): boolean => [...bus.presence].some((peer) => peer.name === name)
  const changes = bus.presence.watch()
  if (there() === wanted) return
  for await (const _ of changes) if (there() === wanted) return
}
