/** `sixcast peers`: who is in the realm. */
import type { Argv } from 'yargs'
import type { Bus, PeerInfo, PresenceChange } from '../index.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { shown } from './shown.ts'
import { endOf, listen, lookOf, withLook } from './survey.ts'
import { table } from './table.ts'

export const peers: Command = {
  usage: 'peers',
  describe: 'List the peers of the realm',
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = withLook(parser)
  return withExamples(options, [
    ['sixcast peers', 'who is here'],
    ['sixcast peers --watch --json', 'who comes and goes, for programs'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const look = lookOf(given)
  const bus = await world.connect()
  try {
    if (look.watch && world.json) await world.output.object(selfOf(bus))
    const watching = look.watch ? watch(bus, world) : undefined
    await listen(look, bus, world)
    const found = [...bus.presence]
    const self = selfOf(bus)
    await bus.close({ linger: 0 })
    await watching
    if (!look.watch && world.interrupt.code === undefined) await print(found, self, world)
    return endOf(look, world)
  } finally {
    await bus.close({ linger: 0 })
  }
}

async function watch(bus: Bus, world: World): Promise<void> {
  for await (const change of bus.presence.watch()) {
    const { type, peer } = change
    if (world.json) await world.output.object({ ...objectOf(peer), type })
    else await world.output.write(lineOf(change))
  }
}

async function print(
  found: readonly PeerInfo[],
  self: object,
  { json, output }: World,
): Promise<void> {
  found = found.toSorted((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
  if (json) {
    for (const peer of found) await output.object(objectOf(peer))
    await output.object(self)
    return
  }
  const rows = found.map(({ id, name, identity, path, tags }) => {
    return [id, name, `${identity.slice(0, SHORT)}…`, path, tagsOf(tags)]
  })
  await output.write(table(['ID', 'NAME', 'IDENTITY', 'PATH', 'TAGS'], rows))
}

function objectOf({ id, name, identity, tags, since, path, pathReason }: PeerInfo): object {
  return { type: 'peer', id, name, identity, tags, since, path, pathReason }
}

/** How datagrams of this process go, which is in no list of others. */
function selfOf({ id, path, native }: Bus): object {
  const { inUse, reason } = native
  return { type: 'self', id, path, native: { inUse, reason } }
}

function lineOf({ type, peer }: PresenceChange): string {
  // Nothing of a peer changes but its path.
  const rest = type === 'update' ? `${peer.path}: ${peer.pathReason}` : tagsOf(peer.tags)
  const words = [type.padEnd(6), peer.id, peer.name, rest]
  return `${shown(words.join('  ')).trimEnd()}\n`
}

function tagsOf(tags: PeerInfo['tags']): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')
}

/** Digits of an identity in a table: enough to tell it from others, not to vouch for it. */
const SHORT = 16
