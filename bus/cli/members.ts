/** `sixcast members`: whom the owner of a realm has granted what. */
import type { Argv } from 'yargs'
import { keyName } from '../io/identity.ts'
import { type Member, readRegister } from '../io/register.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit } from './exit.ts'
import { ownedRealm } from './owner.ts'
import { table } from './table.ts'
import { ACTIONS } from './wishes.ts'
import { patternsFor } from '../core/rights.ts'

export const members: Command = {
  usage: 'members',
  describe: 'List whom you have invited into a realm of yours, and what they may do',
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = parser.option('json', { type: 'boolean', describe: 'Print JSON objects' })
  return withExamples(options, [['sixcast members --realm site', 'everybody who has been invited']])
}

async function run(_given: Arguments, world: World): Promise<number> {
  const { realm } = await ownedRealm(world)
  const found = await readRegister(realm)
  if (world.json) {
    for (const member of found) await world.output.object(objectOf(member))
    return Exit.ok
  }
  const rows = found.map(({ name, rights, revoked }) => {
    const lists = ACTIONS.map((action) => patternsOf(rights)[action].join(' '))
    const ends = revoked ? 'revoked' : new Date(rights.notAfter * 1000).toISOString()
    const holder = `${keyName(rights.holder).slice(0, 16)}…`
    return [name, holder, ...lists, ends]
  })
  await world.output.write(
    table(['NAME', 'IDENTITY', ...ACTIONS.map((one) => one.toUpperCase()), 'UNTIL'], rows),
  )
  return Exit.ok
}

function objectOf({ name, rights, revoked = false }: Member): object {
  const until = new Date(rights.notAfter * 1000).toISOString()
  const identity = keyName(rights.holder)
  return { type: 'member', name, identity, ...patternsOf(rights), until, revoked }
}

/** Of the last grant, which the owner has made here. */
function patternsOf(rights: Member['rights']): Record<Listed, string[]> {
  const rules = rights.rules.at(-1) ?? []
  const lists = ACTIONS.map((action) => [action, patternsFor(action, rules)])
  return Object.fromEntries(lists) as Record<Listed, string[]> // one for each action
}

type Listed = (typeof ACTIONS)[number]
