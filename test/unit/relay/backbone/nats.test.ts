/** NATS as a backbone, with a client that does what the test says. */
import { describe, expect, it, vi } from 'vitest'
import { NatsBackbone, type NatsClient, type NatsDialing } from '../../../../relay/backbone/nats.ts'
import { serversOf } from '../../../../bus/io/nats-servers.ts'
import { serve } from '../../../../relay/index.ts'
import { key, realm, WAIT } from '../world.ts'

interface Status {
  readonly type: string
  readonly error?: Error
}

/** A connection to no server. */
class Connection implements NatsClient {
  readonly published: { readonly subject: string; readonly size: number }[] = []
  readonly subjects = new Map<string, (message: Uint8Array) => void>()
  /** What waits for the server's word. */
  readonly flushes: (() => void)[] = []
  isClosed = false
  readonly #closed: Promise<void | Error>
  end: (error?: Error) => void = () => undefined
  tell: (status: Status) => void = () => undefined

  constructor() {
    this.#closed = new Promise((resolve) => (this.end = resolve))
  }

  publish(subject: string, message: Uint8Array): void {
    if (message.length > 1000) throw new Error('max_payload size exceeded')
    this.published.push({ subject, size: message.length })
  }

  subscribe(
    subject: string,
    { callback }: Parameters<NatsClient['subscribe']>[1],
  ): { unsubscribe(): void } {
    this.subjects.set(subject, (data) => callback(null, { data }))
    return { unsubscribe: () => this.subjects.delete(subject) }
  }

  flush(): Promise<void> {
    return new Promise((resolve) => this.flushes.push(resolve))
  }

  closed(): Promise<void | Error> {
    return this.#closed
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.end()
  }

  async *status(): AsyncGenerator<Status> {
    const told = new Promise<Status>((resolve) => (this.tell = resolve))
    const status = await Promise.race([told, this.#closed])
    if (status && 'type' in status) yield status
  }
}

/** A backbone, its connections, and what the relay was told. */
class World {
  readonly connections: Connection[] = []
  readonly told: string[] = []
  readonly dialled: NatsDialing[] = []
  refusal: Error | undefined
  readonly backbone: NatsBackbone

  constructor(urls: readonly string[] = ['nats://[::1]:4222']) {
    const dial = async (dialing: NatsDialing): Promise<NatsClient> => {
      this.dialled.push(dialing)
      if (this.refusal) throw this.refusal
      const connection = new Connection()
      this.connections.push(connection)
      return connection
    }
    this.backbone = new NatsBackbone({ servers: urls }, dial, () => 0)
  }

  async open(bufferSize = 100): Promise<Connection> {
    await this.backbone.open({
      bufferSize,
      up: () => this.told.push('up'),
      down: (reason) => this.told.push(reason),
      message: (subject, message) => this.told.push(`${subject} ${message.length}`),
    })
    return this.connection(0)
  }

  async connection(at: number): Promise<Connection> {
    const ups = (): number => this.told.filter((word) => word === 'up').length
    return vi.waitUntil(() => ups() > at && this.connections[at], WAIT)
  }
}

describe('NATS', () => {
  it('brings what was subscribed, until it is no more', async () => {
    const world = new World()
    const connection = await world.open()
    world.backbone.subscribe('a')
    world.backbone.subscribe('a')
    connection.subjects.get('a')!(new Uint8Array(3))
    world.backbone.unsubscribe('a')
    world.backbone.unsubscribe('b')
    expect([world.told, connection.subjects.size]).toEqual([['up', 'a 3'], 0])
  })

  it('takes as much as may wait, and more when the server has confirmed it', async () => {
    const world = new World()
    const { published, flushes } = await world.open(100)
    const sent = (size: number): boolean => world.backbone.publish('a', new Uint8Array(size))
    expect([sent(60), sent(40), sent(1)]).toEqual([true, true, false])
    await vi.waitFor(() => expect(flushes).toHaveLength(1), WAIT)
    flushes[0]!()
    await vi.waitFor(() => expect(sent(100)).toBe(true), WAIT)
    expect(sent(1)).toBe(false)
    expect(published.map(({ size }) => size)).toEqual([60, 40, 100])
  })

  it('drops what the server does not take', async () => {
    const world = new World()
    await world.open(10_000)
    expect(world.backbone.publish('a', new Uint8Array(1001))).toBe(false)
    expect(world.backbone.publish('a', new Uint8Array(1000))).toBe(true)
  })

  it('is called again when a connection ends, without what was subscribed', async () => {
    const world = new World()
    const first = await world.open()
    world.backbone.subscribe('a')
    first.end(new Error('the server is going'))
    const second = await world.connection(1)
    expect(world.told).toEqual(['up', 'the server is going', 'up'])
    expect(second.subjects.size).toBe(0)
    expect(world.backbone.publish('a', new Uint8Array(100))).toBe(true)
    await world.backbone.close()
  })

  it('is called later and later while nobody answers, and says why', async () => {
    const world = new World()
    world.refusal = new Error('connection refused')
    const waits = vi.spyOn(globalThis, 'setTimeout')
    await world.backbone.open({
      bufferSize: 100,
      up: () => world.told.push('up'),
      down: (reason) => world.told.push(reason),
      message: () => undefined,
    })
    await vi.waitFor(() => expect(world.dialled.length).toBe(4), WAIT)
    const delays = waits.mock.calls.map(([, delay]) => delay)
    waits.mockRestore()
    // Half of 100, 200 and 400 ms, by the random number of this test.
    expect(delays).toEqual(expect.arrayContaining([50, 100, 200]))
    world.refusal = undefined
    await world.connection(0)
    expect(world.told.at(-2)).toBe('connection refused')
  })

  it('gives a connection up on which the server refuses a subject', async () => {
    const world = new World()
    const first = await world.open()
    const error = new Error("permissions violation for subscription to 'sixcast.x'")
    first.tell({ type: 'error', error })
    await world.connection(1)
    expect(first.isClosed).toBe(true)
    expect(world.told[1]).toBe("permissions violation for subscription to 'sixcast.x'")
  })

  it('gives a connection up at once when the client says that the server is silent', async () => {
    const world = new World()
    const first = await world.open()
    first.tell({ type: 'staleConnection' })
    await world.connection(1)
    expect(first.isClosed).toBe(true)
    expect(world.told[1]).toBe('the server does not answer')
  })

  it('ends without waiting for a server that says nothing', async () => {
    const world = new World()
    const connection = await world.open()
    await world.backbone.close()
    expect([connection.isClosed, world.told]).toEqual([true, ['up']])
    expect(world.backbone.publish('a', new Uint8Array(1))).toBe(false)
  })
})

describe('the option nats', () => {
  it('names servers, and what proves the relay to them', () => {
    expect(serversOf(['nats://[::1]:4222'])).toEqual({ servers: ['[::1]:4222'] })
    expect(serversOf(['nats://a.example', 'tls://me:p%40ss@b.example:4443/'])).toEqual({
      servers: ['a.example', 'b.example:4443'],
      user: 'me',
      pass: 'p@ss',
      tls: {},
    })
    expect(serversOf(['nats://secret@a.example'])).toMatchObject({ token: 'secret' })
  })

  it.each([
    ['nats://me:word@a.example/path', '"nats://…@a.example/path"'],
    ['ws://a.example', '"ws://a.example"'],
    ['nats:', '"nats:"'],
    ['nats://me:50%@a.example', '"nats://…@a.example"'],
    ['nats://m%e:word@a.example', '"nats://…@a.example"'],
    [[], '[]'],
  ])('refuses %j, and shows no secret', async (nats, found) => {
    const mend = 'nats://HOST:PORT or tls://HOST:PORT, or a list of at most 16'
    await expect(serve({ realm, key, nats })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`${found}: ${mend}`) as string,
    })
  })

  it('refuses another backbone beside it', async () => {
    const { backbone } = new World()
    const both = serve({ realm, key, nats: 'nats://[::1]', backbone })
    await expect(both).rejects.toThrow('options "nats" and "backbone" are both there')
    const none = serve({ realm, key, backbone: {} as never })
    await expect(none).rejects.toThrow(
      'an object without open(), subscribe(), unsubscribe(), publish(), close(): an object with the methods of Backbone',
    )
  })
})
