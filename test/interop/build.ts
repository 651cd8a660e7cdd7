/** Builds the C peer that the interop tests talk to. */
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

async function needed(debianPackage: string, probe: Promise<unknown>): Promise<void> {
  try {
    await probe
  } catch (cause) {
    const mend = `\`npm test\` installs it, or: apt-get install ${debianPackage}`
    throw new Error(`the interop tests need ${debianPackage}: ${mend}`, { cause })
  }
}
