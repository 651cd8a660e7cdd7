/** Builds what the interop tests run: the C peer, and the adapter's program for plain Node. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { execute } from '../net/lab/tools.ts'

/** Compiles a C file of this folder against Librecast; resolves with the program's path. */
export async function buildPeer(directory: string): Promise<string> {
  const program = join(directory, 'peer')
  await needed('liblibrecast-dev', access('/usr/include/librecast/net.h'))
  await needed('gcc', execute('cc', ['--version']))
  const source = join(import.meta.dirname, 'peer.c')
  const flags = ['-std=c11', '-D_DEFAULT_SOURCE', '-Wall', '-Wextra', '-Werror', '-O1']
  await execute('cc', [...flags, '-o', program, source, '-llibrecast'])
  return program
}

/** Node 20 cannot run TypeScript; resolves with the path of the compiled program. */
export async function buildAdapter(): Promise<string> {
  // `npm run types` checks; here only the output is wanted.
  const compile = ['tsc', '-p', join(root, 'test'), '--noEmit', 'false', '--noCheck']
  await execute('npx', compile, { timeoutMs: 60_000 })
  return join(root, '.build/test/interop/adapter.js')
}

async function needed(debianPackage: string, probe: Promise<unknown>): Promise<void> {
  try {
    await probe
  } catch (cause) {
    const mend = `\`npm test\` installs it, or: apt-get install ${debianPackage}`
    throw new Error(`the interop tests need ${debianPackage}: ${mend}`, { cause })
  }
}

const root = join(import.meta.dirname, '../..')
