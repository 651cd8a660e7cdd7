/** One process at a time reads a file and writes it anew: else one of two changes is lost. */
import { rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BusError } from '../api/errors.ts'
import { makeDirectory } from './keyfile.ts'

/**
 * Runs `work` while no other process does the same for this path. The lock is a file beside it; one
 * that is older than any such work is what a process that died has left, and is taken away. Rejects
 * with EXISTS when another process holds it for too long, DENIED when the folder cannot be written.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`
  const end = Date.now() + PATIENCE_MS
  while (!(await taken(lock).catch((cause: unknown) => refuse(lock, cause)))) {
    if (Date.now() > end) {
      const mend = 'wait for the other command, or remove the file if there is none'
      throw new BusError('EXISTS', `another process is changing ${path} (${lock}): ${mend}`)
    }
    await sleep(WAIT_MS)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

function refuse(lock: string, cause: unknown): never {
  const reason = (cause as Error).message
  throw new BusError('DENIED', `the lock ${lock} cannot be made: ${reason}`, { cause })
}

async function taken(lock: string): Promise<boolean> {
  await makeDirectory(dirname(lock))
  try {
    await writeFile(lock, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const age = await stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  )
  if (age > STALE_MS) await rm(lock, { force: true })
  return false
}

const WAIT_MS = 20
const PATIENCE_MS = 30_000
/** A page for as many members as it takes has been made by then. */
const STALE_MS = 120_000
