/** The test projects: one for each kind of proof, selectable by name. */
import { availableParallelism } from 'node:os'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** Examples import the package by name, as users do; tests run them on the source. */
const alias = {
  'sixcast/librecast': new URL('bus/librecast/index.ts', import.meta.url).pathname,
  'sixcast/testing': new URL('bus/testing/index.ts', import.meta.url).pathname,
  'sixcast/relay': new URL('relay/index.ts', import.meta.url).pathname,
  'sixcast/vault': new URL('client/vault.ts', import.meta.url).pathname,
  sixcast: new URL('bus/index.ts', import.meta.url).pathname,
}

export default defineConfig({
  test: {
    // One less than the processors is the default: half of a machine with two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('unit', ['test/unit/**/*.test.ts', 'test/tidy.test.ts'], 60_000),
      project('contract', ['test/contract/**/*.test.ts'], 20_000),
      project('attack', ['test/attack/**/*.test.ts'], 60_000),
      roomy(project('sim', ['test/sim/**/*.test.ts'], 60_000)),
      oneByOne(project('cli', ['test/cli/**/*.test.ts'], 90_000)),
      oneByOne(project('net', ['test/net/**/*.test.ts'], 120_000)),
      oneByOne(project('interop', ['test/interop/**/*.test.ts'], 120_000)),
      oneByOne(project('browser', ['test/browser/**/*.test.ts'], 120_000)),
      withSetup(
        'test/compose/setup.ts',
        oneByOne(project('compose', ['test/compose/**/*.test.ts'], 120_000)),
      ),
      oneByOne(project('examples', ['{test,docs}/examples/**/*.test.ts'], 60_000)),
      oneByOne(project('pack', ['test/pack/**/*.test.ts'], 300_000)),
    ],
  },
})

function project(name: string, include: string[], timeoutMs: number): Project {
  return {
    resolve: { alias },
    test: { name, include, testTimeout: timeoutMs, hookTimeout: timeoutMs },
  }
}

/**
 * These share the machine's network, ports or time: two files at once would disturb each other.
 * Their time is real: a stall of seconds may fail a test once or twice, a fault fails it each time.
 */
function oneByOne(parallel: Project): Project {
  return { ...parallel, test: { ...parallel.test, fileParallelism: false, retry: 2 } }
}

/** Worlds leave much behind: with room for it, collecting takes a third less time. */
function roomy(narrow: Project): Project {
  return { ...narrow, test: { ...narrow.test, execArgv: ['--max-semi-space-size=64'] } }
}

/** The setup runs once, before the first file of the project. */
function withSetup(globalSetup: string, plain: Project): Project {
  return { ...plain, test: { ...plain.test, globalSetup } }
}

type Project = TestProjectInlineConfiguration
