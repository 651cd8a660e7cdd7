/** Messages and gaps for the queue tests, with a short way to show them. */
import type { Mark } from '../../../bus/api/marks.ts'
import type { Gap, PeerId } from '../../../bus/api/options.ts'
import type { MessageQueue } from '../../../bus/api/queue.ts'
import type { Traced } from '../../../bus/api/drops.ts'

export type Item = Traced

/** Any publisher will do: the branded type is only made here. */
const publisher = '00000000000000aa' as PeerId

export function message(topic: string, sequence: number): Item {
  return { type: 'message', topic, from: publisher, sequence }
}

export function networkGap(topic: string, from: number, to: number): Gap {
  return { type: 'gap', topic, publisher, from, to, count: to - from + 1, cause: 'network' }
}

/** `a3` is a message, `-a1..2` a gap by overflow, `~a1..2` one of the network, `live` that mark. */
export function shown(item: Item | Mark): string {
  if (item.type === 'live') return item.type
  if (item.type === 'message') return `${item.topic}${item.sequence}`
  const sign = item.cause === 'overflow' ? '-' : '~'
  const range = item.from === item.to ? `${item.from}` : `${item.from}..${item.to}`
  return `${sign}${item.topic}${range}`
}

export async function collect(queue: MessageQueue<Item>): Promise<(Item | Mark)[]> {
  const items: (Item | Mark)[] = []
  for await (const item of queue) items.push(item)
  return items
}

export async function drain(queue: MessageQueue<Item>): Promise<string[]> {
  return (await collect(queue)).map(shown)
}

/** Lets every microtask that is due run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
