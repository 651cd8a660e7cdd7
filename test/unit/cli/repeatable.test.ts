/** Options that may be given several times: all whose help says so, in every command. */
import { describe, expect, it } from 'vitest'
import yargs, { type Argv } from 'yargs'
import { COMMANDS, mayRepeat } from '../../../bus/cli/commands.ts'
import { withSettings } from '../../../bus/cli/program.ts'
import { relaySchema } from '../../../bus/cli/relay-schema.ts'

/** The parser has them for its plugins, and the types leave them out. */
interface Inside {
  getInternalMethods(): {
    getUsageInstance(): { getDescriptions(): Record<string, string | undefined> }
  }
}

function describedBy(parser: Argv): [name: string, text: string][] {
  const inside = (parser as unknown as Inside).getInternalMethods()
  const texts = Object.entries(inside.getUsageInstance().getDescriptions())
  return texts.map(([name, text]) => [name, text ?? ''])
}

describe('what may be given several times', () => {
  it.each(COMMANDS.map((command) => [command.usage, command] as const))(
    'is in `%s` what its help says',
    (_usage, command) => {
      const parser = yargs()
      withSettings(parser)
      command.build(parser)
      for (const [name, text] of describedBy(parser)) {
        if (!text.includes('repeatable')) continue
        expect({ name, repeats: mayRepeat(command, name) }).toEqual({ name, repeats: true })
      }
    },
  )

  it('is of a relay all that its file takes a list of', () => {
    const relay = COMMANDS.find(({ usage }) => usage === 'relay')!
    const { properties } = relaySchema({}) as { properties: Record<string, { anyOf?: object }> }
    const lists = Object.keys(properties).filter((name) => properties[name]?.anyOf !== undefined)
    expect(lists).toContain('nats')
    // The file's name for --peer; the options of a bus are of no use to a relay.
    const own = lists.filter((name) => name !== 'peers')
    for (const name of own) expect({ name, is: mayRepeat(relay, name) }).toEqual({ name, is: true })
  })
})
