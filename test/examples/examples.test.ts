/** Runs every program of docs/examples and compares what it prints with what it promises. */
import { randomBytes, randomInt } from 'node:crypto'
import { format } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type * as sixcast from '../../bus/index.ts'
import type { ConnectOptions } from '../../bus/index.ts'
import { readExamples } from './program.ts'

/** A key and a port for each test, so that programs of other runs on this host are not heard. */
const world = vi.hoisted(() => ({ key: new Uint8Array(32), port: 0 }))

vi.mock('sixcast', async (importOriginal) => {
  const original = await importOriginal<typeof sixcast>()
  return {
    ...original,
    connect: (options: ConnectOptions = {}) => {
      const own = options.open ? { port: world.port } : { port: world.port, key: world.key }
      return original.connect({ ...own, ...options })
    },
  }
})

const examples = readExamples()

describe('docs/examples', () => {
  beforeEach(() => {
    world.key = new Uint8Array(randomBytes(32))
    world.port = randomInt(20_000, 30_000)
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('are all run but those that leave the host and the one for a page', () => {
    const idle = examples.filter(({ prints }) => prints === undefined)
    // test/net runs the two applications between hosts.
    expect(idle.map(({ name }) => name)).toEqual(['configure', 'librecast', 'monitor', 'page'])
  })

  it.each(examples.filter(({ prints }) => prints !== undefined))(
    '$name prints what it promises and leaves no socket open',
    async ({ name, prints, anyOrder }) => {
      const printed: string[] = []
      vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
        printed.push(format(...values))
      })
      // A program ends where its module does: it awaits at its top level.
      await import(`../../docs/examples/${name}.ts`)
      expect(anyOrder ? printed.toSorted() : printed).toEqual(
        anyOrder ? prints?.toSorted() : prints,
      )
      await vi.waitFor(() => expect(openSockets()).toBe(0))
    },
  )
})

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'UDPWRAP').length
}
