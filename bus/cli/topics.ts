/** `sixcast topics`: what is published in the realm, and by whom. */
import type { Argv } from 'yargs'
import { matches, parsePattern, type Pattern } from '../core/topic/pattern.ts'
import type { Bus, PeerId, TopicInfo } from '../index.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { UsageError } from './exit.ts'
import { shown } from './shown.ts'
import { endOf, listen, lookOf, withLook } from './survey.ts'
import { table } from './table.ts'
import { text } from './values.ts'

export const topics: Command = {
  usage: 'topics [pattern]',
  describe: 'List the topics that peers of the realm publish',
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = withLook(parser).positional('pattern', {
    type: 'string',
    describe: 'Only topics that match [default: **]',
  })
  return withExamples(options, [
    ["sixcast topics 'home/**'", 'what is published below home'],
    ['sixcast topics --watch', 'new topics as they come, and those that end'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const look = lookOf(given)
  const parsed = parsePattern(text(given['pattern'] ?? '**', 'PATTERN'))
  if (!parsed.ok) throw new UsageError(parsed.fault)
  const bus = await world.connect()
  try {
    const watching = look.watch ? watch(bus, parsed.pattern, world) : undefined
    await listen(look, bus, world)
    const found = [...bus.topics].filter(({ topic }) => covers(parsed.pattern, topic))
    const names = new Map([...bus.presence].map(({ id, name }) => [id, name]))
    await bus.close({ linger: 0 })
    await watching
    if (!look.watch && world.interrupt.code === undefined) await print(found, names, world)
    return endOf(look, world)
  } finally {
    await bus.close({ linger: 0 })
  }
}

/** A topic ends with the peer that publishes it. */
async function watch(bus: Bus, pattern: Pattern, world: World): Promise<void> {
  const seen = new Map<PeerId, TopicInfo[]>()
  const print = (type: 'topic' | 'ended', info: TopicInfo): Promise<void> | undefined => {
    const { topic, from, delivery } = info
    if (world.json) return world.output.object({ type, topic, delivery, from })
    return world.output.write(`${type}  ${shown(topic)}  ${delivery}  ${from}\n`)
  }
  for await (const event of bus.events()) {
    if (event.type === 'topic' && covers(pattern, event.topic.topic)) {
      const { from } = event.topic
      seen.set(from, [...(seen.get(from) ?? []), event.topic])
      await print('topic', event.topic)
    } else if (event.type === 'peer' && event.change.type === 'leave') {
      const { id } = event.change.peer
      for (const info of seen.get(id) ?? []) await print('ended', info)
      seen.delete(id)
    }
  }
}

async function print(
  found: readonly TopicInfo[],
  names: ReadonlyMap<PeerId, string>,
  { json, output }: World,
): Promise<void> {
  const sorted = found.toSorted((a, b) => compare(a.topic, b.topic) || compare(a.from, b.from))
  if (json) {
    for (const { topic, delivery, from } of sorted) {
      await output.object({ type: 'topic', topic, delivery, from })
    }
    return
  }
  const rows = sorted.map(({ topic, delivery, from }) => [
    topic,
    delivery,
    `${names.get(from) ?? ''} (${from})`.trim(),
  ])
  await output.write(table(['TOPIC', 'DELIVERY', 'PUBLISHER'], rows))
}

function covers(pattern: Pattern, topic: string): boolean {
  return matches(pattern, topic.split('/'))
}

/** By code units: the same order in every locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
