/** docs/cli.md names whatever the help, the settings and the exit codes know. */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { Exit } from '../../bus/cli/exit.ts'
import { flagOf, SETTING_NAMES, variableOf } from '../../bus/cli/settings.ts'
import { Home } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())
const page = readFileSync('docs/cli.md', 'utf8')
/** The last one is the parser's own: it has no help. */
const COMMANDS = [
  'demo',
  'pub',
  'sub',
  'req',
  'reply',
  'get',
  'watch',
  'when',
  'set',
  'expose',
  'agent',
  'send',
  'receive',
  'peers',
  'topics',
  'relay',
  'keygen',
  'keys',
  'identity',
  'init',
  'invite',
  'join',
  'members',
  'revoke',
  'acl',
  'completion',
]

describe('the help', () => {
  it('lists every command and no hidden one', async () => {
    const { code, out, err } = await home.run(['--help'])
    const named = [...out.matchAll(/^ {2}sixcast (\S+)/gm)].map(([, name]) => name)
    expect(new Set(named)).toEqual(new Set(COMMANDS))
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  it.each(COMMANDS.slice(0, -1))(
    'of %s names flags that are read before the parser',
    async (name) => {
      const { out } = await home.run([name, '--help'])
      const flags = [...out.matchAll(/^ +--([a-z-]+) .*\[boolean\]$/gm)].map(([, flag]) => flag!)
      for (const flag of flags.filter((one) => one !== 'help' && one !== 'version')) {
        const { code, err } = await home.run([name, `--${flag}=perhaps`])
        expect(err).toMatch(`option --${flag} is "perhaps": true or false`)
        expect(code).toBe(64)
      }
    },
  )

  it.each(COMMANDS.slice(0, -1))('of %s has examples', async (command) => {
    const { code, out } = await home.run([command, '--help'])
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^Examples:\\n +sixcast ${command}( |$)`, 'm'))
  })
})

describe('docs/cli.md', () => {
  it.each(COMMANDS.slice(0, -1))('names every flag of %s', async (command) => {
    const { out } = await home.run([command, '--help'])
    const flags = [...out.matchAll(/^ +(?:-h, )?(--[a-z-]+)/gm)].map(([, flag]) => flag!)
    expect(flags).toContain('--help')
    const section = sectionOf(command)
    const common = sectionOf('shared')
    const missing = flags.filter((flag) => !section.includes(`\`${flag}`) && !common.includes(flag))
    expect(missing).toEqual([])
  })

  it.each(COMMANDS.slice(0, -1))('names no flag that %s does not have', async (command) => {
    const { out } = await home.run([command, '--help'])
    const table = sectionOf(command)
      .split('\n')
      .filter((line) => line.startsWith('| `--'))
    const named = table.map((line) => /`(--[a-z-]+)/.exec(line)?.[1] ?? '')
    expect(named.filter((flag) => !out.includes(flag))).toEqual([])
  })

  it('names every setting: flag, variable and key', () => {
    for (const name of SETTING_NAMES) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`--${flagOf(name)}`))
      expect(row).toContain(`| \`${variableOf(name)}\` | \`${name}\` |`)
    }
    expect(page).toContain('`SIXCAST_CONFIG`')
  })

  it('copies keys in one way, the one that keygen prints', async () => {
    const { out } = await home.run(['keygen', '--realm', 'site'])
    const own = '~/.config/sixcast/realms/site.key'
    const line = /^Copy it: (.*)$/m.exec(out)?.[1]?.replace(/ < .*/, ` < ${own}`) ?? ''
    expect(line).toMatch(/^ssh HOST '.*'/)
    for (const document of ['README.md', 'docs/cli.md']) {
      const text = readFileSync(document, 'utf8')
      expect(text).toContain(line.replace('HOST', 'alpha'))
      expect(text).not.toMatch(/\bscp\b/)
    }
  })

  it('names every exit code', () => {
    for (const code of Object.values(Exit))
      expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'))
  })
})

/** The section of a command, or what stands before the first of them. */
function sectionOf(command: string): string {
  const [shared = '', ...sections] = page.split(/^## `sixcast /m)
  if (command === 'shared') return shared
  return sections.find((section) => section.startsWith(command)) ?? ''
}
