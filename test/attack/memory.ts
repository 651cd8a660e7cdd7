/** What the process holds, measured after its garbage is gone. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
// A string that is compiled has no type.
const collect = runInNewContext('gc') as () => void

/** Bytes of heap and of buffers outside of it. */
export function memory(): number {
  // The second time takes what the first has set free.
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
