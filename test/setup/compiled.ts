/** Compiles the repository for the programs that tests run in hosts: Node 20 has no TypeScript. */
import { join } from 'node:path'
import { execute } from '../net/lab/tools.ts'

/** Resolves with the path of the compiled file, by its path in the repository. */
export async function compiled(source: string): Promise<string> {
  // `npm run types` checks; here only the output is wanted.
  const compile = ['tsc', '-p', join(root, 'test'), '--noEmit', 'false', '--noCheck']
  await execute('npx', compile, { timeoutMs: 60_000 })
  return join(root, '.build', source.replace(/\.ts$/, '.js'))
}

const root = join(import.meta.dirname, '../..')
