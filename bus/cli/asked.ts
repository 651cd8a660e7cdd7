/** Which variables of which peers `get` and `watch` are about. */
import type { Argv } from 'yargs'
import { parsePattern } from '../core/topic/pattern.ts'
import type { PeerId } from '../index.ts'
import type { Arguments } from './command.ts'
import { UsageError } from './exit.ts'
import { tags } from './pairs.ts'
import { peerIdOf } from './req.ts'
import { list } from './values.ts'

/** As `fetch` and `watch` take it. */
interface Asked {
  readonly names: readonly string[]
  readonly peers: {
    readonly where?: Readonly<Record<string, string>>
    readonly from?: readonly PeerId[]
  }
}

export const ASKED_REPEATABLE: readonly string[] = ['names', 'where', 'from']

export function withAsked(parser: Argv): Argv {
  const named = parser.positional('names', {
    type: 'string',
    describe: 'Names or patterns; * is any one segment, ** any number of them',
  })
  return withPeers(named)
}

/** Of which peers. */
export function withPeers(parser: Argv): Argv {
  return parser
    .option('where', {
      type: 'string',
      requiresArg: true,
      describe: 'Of peers with the tag KEY=VALUE; repeatable',
    })
    .option('from', {
      type: 'string',
      requiresArg: true,
      describe: 'Of the peer with this id; repeatable',
    })
}

export function askedOf({ names: raw, where: tagged, from: peers }: Arguments): Asked {
  const names = list(raw, 'NAMES')
  for (const name of names) {
    const parsed = parsePattern(name)
    if (!parsed.ok) throw new UsageError(parsed.fault)
  }
  const where = tags(tagged, 'option --where')
  const ids = peers === undefined ? undefined : list(peers, 'option --from')
  const from = ids?.map((id) => peerIdOf(id, 'option --from'))
  return { names, peers: { ...(where && { where }), ...(from && { from }) } }
}
