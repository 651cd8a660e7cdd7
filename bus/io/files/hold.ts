/**
 * Holds a folder for one receiver: a second one would write over the same unfinished files.
 *
 * The hold is a file in the folder that says whose it is. Its time is renewed as long as the
 * receiver lives, so that what a crash has left is known for that: at once where its process can be
 * asked after, else when it has not been renewed for long.
 */
import { randomBytes } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { type FileHandle, lstat, open, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { BusError } from '../../api/errors.ts'
import { isObject } from '../../api/rules.ts'
import { withLock } from '../lock.ts'
import { codeOf } from './faults.ts'

export class Hold {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #word: string
  readonly #timer: NodeJS.Timeout
  #renewing: Promise<void> = Promise.resolve()
  #left: Promise<void> | undefined

  private constructor(path: string, own: { handle: FileHandle; word: string }, lost: () => void) {
    this.#path = path
    this.#handle = own.handle
    this.#word = own.word
    OWN.set(own.word, this)
    this.#timer = setInterval(() => {
      this.#renewing = this.#renew(lost)
    }, RENEW_MS).unref()
  }

  /**
   * Rejects with EXISTS when another receiver has the folder. `lost` is called when somebody has
   * taken it since then, as from a process that stood still for long.
   */
  static async take(directory: string, lost: () => void): Promise<Hold> {
    const path = join(directory, HOLD)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const own = await written(path)
      if (own) return new Hold(path, own, lost)
      const found = await readFile(path, 'utf8').catch(() => '')
      const holder = holderOf(found)
      const ours = OWN.get(holder?.word ?? '')
      if (ours !== undefined && ours.#left) await ours.#left
      else if (await isAlive(path, holder)) throw held(directory, holder)
      else await takeAway(path, found)
    }
    throw held(directory, undefined)
  }

  /** Its receiver is about to end: who wants the folder in this process waits for that. */
  leaves(end: Promise<void>): void {
    this.#left = end
  }

  async release(): Promise<void> {
    clearInterval(this.#timer)
    await this.#renewing
    OWN.delete(this.#word)
    await this.#handle.close().catch(() => undefined)
    if ((await this.#found()) === this.#word) await rm(this.#path, { force: true })
  }

  async #renew(lost: () => void): Promise<void> {
    const now = new Date()
    await this.#handle.utimes(now, now).catch(() => undefined)
    // One that was removed, or cannot be read, says nothing.
    if (((await this.#found()) ?? this.#word) !== this.#word) lost()
  }

  async #found(): Promise<string | undefined> {
    return holderOf(await readFile(this.#path, 'utf8').catch(() => ''))?.word
  }
}

export function takenOver(directory: string): BusError {
  const fault = `another receiver has taken ${directory} while this one stood still`
  return new BusError('EXISTS', `${fault}: give each receiver a folder of its own`)
}

interface Holder {
  readonly word: string
  readonly pid: number
  readonly host: string
  /** What its number counts in: a container has numbers of its own. */
  readonly processes: string
}

/** Undefined when somebody else's is there. */
async function written(path: string): Promise<{ handle: FileHandle; word: string } | undefined> {
  const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error
    return undefined
  })
  if (!handle) return undefined
  const word = randomBytes(16).toString('hex')
  const holder: Holder = { word, pid: process.pid, ...place() }
  OWN.set(word, undefined)
  try {
    await handle.writeFile(`${JSON.stringify(holder)}\n`)
  } catch (error) {
    // A full disk: files would not find room either.
    OWN.delete(word)
    await handle.close()
    await rm(path, { force: true })
    throw error
  }
  return { handle, word }
}

function holderOf(text: string): Holder | undefined {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(found)) return undefined
  const { word, pid, host, processes } = found
  if (typeof word !== 'string' || typeof host !== 'string') return undefined
  if (typeof processes !== 'string' || !Number.isSafeInteger(pid)) return undefined
  // An integer, as the line before has found.
  return { word, pid: pid as number, host, processes }
}

async function isAlive(path: string, holder: Holder | undefined): Promise<boolean> {
  const { host, processes } = place()
  if (holder?.host === host && holder.processes === processes) {
    if (holder.pid === process.pid) return OWN.has(holder.word)
    if (!isRunning(holder.pid)) return false
  }
  const since = await lstat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Infinity,
  )
  return since < STALE_MS
}

function isRunning(pid: number): boolean {
  // Zero and negative numbers are groups of processes.
  if (pid < 1) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

/** What a dead receiver has left, unless somebody has taken it away and is there meanwhile. */
function takeAway(path: string, found: string): Promise<void> {
  return withLock(path, async () => {
    const now = await readFile(path, 'utf8').catch(() => undefined)
    if (now === found) await rm(path, { force: true })
  })
}

function place(): Pick<Holder, 'host' | 'processes'> {
  let processes = ''
  try {
    processes = readlinkSync('/proc/self/ns/pid')
  } catch {
    // Other systems than Linux have no such thing.
  }
  return { host: hostname(), processes }
}

function held(directory: string, holder: Holder | undefined): BusError {
  const who = holder ? ` (process ${holder.pid} on ${JSON.stringify(holder.host)})` : ''
  const fault = `another receiver${who} takes files into ${directory}`
  const mend = 'end that one, or take another folder'
  return new BusError('EXISTS', `${fault}: ${mend}; if there is none, remove ${HOLD} there`)
}

/** Those of this process by their words, also of one that is being made. */
const OWN = new Map<string, Hold | undefined>()
/** No file that comes can have this name: it begins with a dot. */
export const HOLD = '.sixcast-receive'
const RENEW_MS = 5000
/** A machine that does much more than it can may renew late. */
const STALE_MS = 60_000
/** Others may come between. */
const ATTEMPTS = 5
