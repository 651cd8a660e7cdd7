/** One process of the benchmark, the publisher or a subscriber: told by its parent what to do. */
import type { Outlet, Where } from '../peers/contestant.ts'
import { contestants } from '../peers/registry.ts'
import { Publishing, type Load, type Sent } from './publisher.ts'
import { type Heard, Hearing } from './subscriber.ts'
import { acknowledging, Window } from './window.ts'

export type Order =
  | { readonly type: 'open' }
  | { readonly type: 'meet'; readonly run: number; readonly subscribers: number }
  | {
      readonly type: 'begin'
      readonly run: number
      readonly size: number
      readonly stamped: boolean
    }
  | { readonly type: 'send'; readonly load: Load }
  | { readonly type: 'tell' }
  | { readonly type: 'usage' }
  | { readonly type: 'close' }

/** How much of the machine a process has taken. */
export interface Usage {
  readonly cpuMs: number
  /** The most memory that it has held, bytes. */
  readonly peak: number
}

/** What a process is started with. */
export interface Role {
  readonly name: string
  readonly publishes: boolean
  readonly where: Where
  /** The path of the window's socket. */
  readonly window: string
}

export type Answer = Sent | Heard | Usage | Readonly<Record<string, unknown>> | null

const role = JSON.parse(process.argv[2] ?? '') as Role // Its parent's own.
const contestant = contestants[role.name]!
const obey = role.publishes ? await publisher() : subscriber()
let last: Promise<unknown> = Promise.resolve()
process.on('message', (order: Order) => {
  last = last.then(() => carryOut(order))
})
// Nobody is left who could end it otherwise.
process.on('disconnect', () => process.exit())
process.send!({ answer: null })

async function carryOut(order: Order): Promise<void> {
  try {
    const answer = order.type === 'usage' ? usage() : await obey(order)
    process.send!({ answer })
    if (order.type === 'close') process.disconnect()
  } catch (error) {
    process.send!({ failed: error instanceof Error ? (error.stack ?? error.message) : error })
  }
}

async function publisher(): Promise<(order: Order) => Promise<Answer>> {
  const window = await Window.listen(role.window)
  let outlet: Outlet | undefined
  let publishing: Publishing | undefined
  return async (order) => {
    switch (order.type) {
      case 'open':
        outlet = await contestant.publisher(role.where)
        publishing = new Publishing(outlet, window)
        return null
      case 'meet':
        await publishing?.met(order.run, order.subscribers)
        return null
      case 'send':
        return (await publishing?.send(order.load)) ?? null
      case 'tell':
        return outlet?.about?.() ?? {}
      case 'close':
        await outlet?.close()
        window.close()
        return null
      default:
        return null
    }
  }
}

function subscriber(): (order: Order) => Promise<Answer> {
  let end = (): void | Promise<void> => undefined
  let hearing: Hearing | undefined
  return async (order) => {
    switch (order.type) {
      case 'open': {
        const line = await acknowledging(role.window)
        hearing = new Hearing((run, count) => line.acknowledge(run, count))
        const taking = await contestant.subscriber(role.where, hearing.hear)
        end = () => {
          line.close()
          return taking.close()
        }
        return null
      }
      case 'begin':
        hearing?.begin(order.run, order)
        return null
      case 'tell':
        return hearing?.heard ?? null
      case 'close':
        await end()
        return null
      default:
        return null
    }
  }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1000, peak: process.resourceUsage().maxRSS * 1024 }
}
