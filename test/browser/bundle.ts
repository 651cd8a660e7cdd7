/** Bundles for browsers as users do: the built package, found by its name under `browser`. */
import { resolve } from 'node:path'
import { build } from 'rolldown'

/** The code of a bundle, and the files of which it is made. */
export interface Bundle {
  readonly code: string
  readonly modules: readonly string[]
}

/** Bundles a module of this text, which stands beside the package's own files. */
export async function bundle(text: string): Promise<Bundle> {
  const { output } = await build({
    input: ENTRY,
    platform: 'browser',
    tsconfig: false,
    resolve: { conditionNames: ['browser', 'import'] },
    output: { format: 'esm', minify: true, codeSplitting: false },
    write: false,
    onLog: (_, { message }) => {
      throw new Error(`the bundler complains: ${message}`)
    },
    plugins: [
      {
        name: 'given text',
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) => (id === ENTRY ? text : undefined),
      },
    ],
  })
  const [chunk] = output
  return { code: chunk.code, modules: chunk.moduleIds }
}

const ENTRY = resolve('given.js')
