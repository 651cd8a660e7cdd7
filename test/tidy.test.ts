/** Style as a test: who imports whom, what each file says it does, and the file map in the docs. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fileMap, MAP_DOCUMENT, MAPPED_FOLDERS, mapFaults, withMap } from './setup/file-map.ts'
import { breaches, faults } from './setup/rules.ts'
import { importsOf, openingSentence, readSources, type Source } from './setup/source.ts'

const product = readSources(MAPPED_FOLDERS)
const everything = [...product, ...readSources(['test', 'docs/examples'])]

describe('this repository', () => {
  it('keeps the dependency rules', () => {
    expect(breaches(everything)).toEqual([])
  })

  it('opens every file with its job and names it after an idea', () => {
    expect(everything.flatMap(faults)).toEqual([])
  })

  it('has every file on the map of the architecture (npm run map writes it)', () => {
    expect(mapFaults(readFileSync(MAP_DOCUMENT, 'utf8'), product)).toEqual([])
  })

  it('lets a test project pass without tests only while its folder does not exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>
    }
    const lenient = Object.entries(scripts)
      .filter(([, command]) => command.includes('--passWithNoTests'))
      .flatMap(([, command]) => [...command.matchAll(/--project (\w+)/g)].map(([, name]) => name))
    expect(lenient.filter((name) => existsSync(`test/${name}`))).toEqual([])
  })
})

describe('the dependency rules', () => {
  it.each([
    ['bus/core/wire/a.ts', '../bytes.ts'],
    ['bus/core/topic/a.ts', '../wire/b.ts'],
    ['bus/core/stream/a.ts', '../seal/b.ts'],
    ['bus/core/seal/a.ts', '../path/b.ts'],
    ['bus/core/path/a.ts', '../service/b.ts'],
    ['bus/core/service/a.ts', '../stream/b.ts'],
    ['bus/core/service/a.ts', '../peer.ts'],
    ['bus/core/timers.ts', './stream/b.ts'],
    ['bus/core/peer.ts', '../io/driver.ts'],
    ['bus/core/peer.ts', 'tweetnacl'],
    ['bus/core/env.ts', 'node:crypto'],
    ['bus/api/a.ts', 'node:fs'],
    ['bus/api/a.ts', 'fs'],
    ['bus/index.ts', 'node:dgram'],
    ['bus/api/a.ts', '../index.ts'],
    ['bus/io/a.ts', '../index.ts'],
    ['bus/io/a.ts', '../../test/setup/source.ts'],
    ['bus/io/a.ts', '../testing/b.ts'],
    ['bus/testing/a.ts', '../cli/b.ts'],
    ['bus/testing/a.ts', 'node:timers'],
    ['client/a.ts', '../relay/b.ts'],
    ['relay/bridge.ts', './link.ts'],
    ['relay/bridge.ts', '../bus/io/driver.ts'],
    ['relay/a.ts', '../bus/cli/b.ts'],
    ['bus/io/a.ts', '../../relay/b.ts'],
    ['bus/api/a.ts', '../../relay/b.ts'],
    ['bus/cli/a.ts', '../../relay/b.ts'],
    ['client/a.ts', '../bus/cli/b.ts'],
    ['client/a.ts', 'node:net'],
    ['relay/dashboard/page/a.ts', '../dashboard.ts'],
    ['relay/dashboard/page/a.ts', '../../../client/b.ts'],
    ['relay/dashboard/page/a.ts', 'node:net'],
  ])('refuse %s importing %s', (path, specifier) => {
    expect(breaches([file(path, `import { a } from '${specifier}'`)])).toHaveLength(1)
  })

  it.each([
    ['bus/core/wire/a.ts', '../limits.ts'],
    ['bus/core/stream/a.ts', '../wire/b.ts'],
    ['bus/core/stream/a.ts', '../env.ts'],
    ['bus/core/peer.ts', './stream/b.ts'],
    ['bus/core/peer/a.ts', '../seal/b.ts'],
    ['bus/core/peer/asking/a.ts', '../publishing/b.ts'],
    ['bus/io/a.ts', 'node:dgram'],
    ['bus/cli/a.ts', '../index.ts'],
    ['bus/testing/a.ts', '../io/driver.ts'],
    ['test/sim/a.ts', '../../bus/testing/b.ts'],
    ['test/unit/a.test.ts', '../../bus/index.ts'],
    ['docs/examples/a.ts', 'sixcast'],
  ])('allow %s importing %s', (path, specifier) => {
    expect(breaches([file(path, `import { a } from '${specifier}'`)])).toEqual([])
  })

  it('follow imports until Node is reached, but not those of types', () => {
    const io = file('bus/io/udp.ts', "import { createSocket } from 'node:dgram'")
    const value = file('bus/api/bus.ts', "import { open } from '../io/udp.ts'")
    const type = file('bus/api/bus.ts', "import type { Open } from '../io/udp.ts'")
    expect(breaches([io, value])).toEqual([
      'bus/api/bus.ts -> bus/io/udp.ts -> node:dgram: browsers load this too',
    ])
    expect(breaches([io, type])).toEqual([])
  })
})

describe('reading imports', () => {
  it('finds every form of import and no mention of one', () => {
    const text = `#!/usr/bin/env node
      import a from './a.ts'
      import {
        b,
        type C,
      } from './b.ts'
      import './side.ts'
      export * from './all.ts'
      export type { D } from './d.ts'
      // import x from './comment.ts'
      /* import y from './block.ts' */
      export const words = 'sent from'
      const later = () => import('./later.ts')`
    expect(importsOf(file('bus/x.ts', text))).toEqual([
      { target: 'bus/a.ts', typeOnly: false },
      { target: 'bus/b.ts', typeOnly: false },
      { target: 'bus/side.ts', typeOnly: false },
      { target: 'bus/all.ts', typeOnly: false },
      { target: 'bus/d.ts', typeOnly: true },
      { target: 'bus/later.ts', typeOnly: false },
    ])
  })
})

describe('the checks of one file', () => {
  it.each([
    ['bus/a.ts', 'export const a = 1'],
    ['bus/a.ts', '/** no full stop */'],
    ['bus/a.ts', '// A line comment.'],
    ['bus/core/helper.ts', '/** Helps. */'],
    ['bus/a.ts', `/** Does. */\n// ${'TODO'} later`],
    ['bus/core/a.ts', '/** Does. */\nexport async function a() {}'],
    ['bus/core/a.ts', '/** Does. */\nawait a()'],
  ])('find the fault of %s: %s', (path, text) => {
    expect(faults(file(path, text))).toHaveLength(1)
  })

  it('leave a tidy file alone', () => {
    const text = "/** Never awaits. */\n// TODO(#12): say `await`.\nexport const a = 'async'"
    expect(faults(file('bus/core/a.ts', text))).toEqual([])
  })

  it('take the first sentence of the first paragraph', () => {
    expect(openingSentence('/** Reads RFC 9000 section 16.1 numbers. More. */')).toBe(
      'Reads RFC 9000 section 16.1 numbers.',
    )
    expect(
      openingSentence('#!/usr/bin/env node\n/**\n * Two\n * lines.\n *\n * Theory.\n */'),
    ).toBe('Two lines.')
  })
})

describe('the file map', () => {
  const sources = [file('bus/a.ts', '/** Does a. */'), file('bus/io/b.ts', '/** Does b. */')]
  const document = withMap('# Map\n\n```text file-map\n```\n', fileMap(sources))

  it('is complete when it was just written', () => {
    expect(mapFaults(document, sources)).toEqual([])
  })

  it('names what is missing, what is stale and what has changed its job', () => {
    const now = [file('bus/a.ts', '/** Does more. */'), file('bus/c.ts', '/** Does c. */')]
    expect(mapFaults(document, now)).toEqual([
      'missing: bus/c.ts',
      'stale: bus/io/b.ts',
      'says something else: bus/a.ts  Does more',
    ])
  })
})

function file(path: string, text: string): Source {
  return { path, text }
}
