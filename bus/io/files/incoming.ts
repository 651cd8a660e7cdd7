/** One file that comes: taken, or compared with the one that is there, checked, and given its name. */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BusError } from '../../api/errors.ts'
import type { PeerId } from '../../api/options.ts'
import { fileError, reasonOf } from './faults.ts'
import { nameFault } from './names.ts'
import { type Announced, Part } from './part.ts'
import { type Chunk, LACKS_MAX, type Offer, type Status } from './wire.ts'

export interface IncomingRules {
  readonly directory: string
  readonly overwrite: boolean
  readonly sizeMax: number
}

/** How it has ended. */
export type Outcome =
  | { readonly type: 'done'; readonly path: string; readonly hash: string; readonly taken: number }
  | { readonly type: 'refused'; readonly error: BusError }

type State = Status['state']

export class Incoming {
  readonly announced: Announced
  readonly topic: string
  /** Senders that offer it, with the last offer of each that was heard. */
  readonly marks: Map<PeerId, number> = new Map()
  readonly #rules: IncomingRules
  /** Called once, when it has ended. */
  readonly #ended: (outcome: Outcome) => void
  #state: State = 'checking'
  #reason: string | undefined
  #part: Part | undefined
  /** The file of this name that is there already, if it may be the same. */
  #there: string | undefined
  #taken = 0
  #retried = false
  /** By which senders know it again, also after a restart. */
  #word = randomBytes(16).toString('hex')
  /** The sender's, as soon as it knows. */
  #hash: string | undefined
  #checking: Promise<void> | undefined
  #closed = false

  constructor(
    given: { readonly announced: Announced; readonly topic: string },
    rules: IncomingRules,
    ended: (outcome: Outcome) => void,
  ) {
    this.announced = given.announced
    this.topic = given.topic
    this.#rules = rules
    this.#ended = ended
  }

  /** Bytes that are here. */
  get has(): number {
    if (this.#state === 'done') return this.announced.size
    return this.#part?.have.size ?? 0
  }

  /** Looks at the name, the size and the folder: takes it, compares it, or refuses it. */
  async begin(): Promise<void> {
    const { name, size } = this.announced
    const { sizeMax, overwrite, directory } = this.#rules
    try {
      const fault = nameFault(name)
      if (fault !== undefined) throw new BusError('UNSAFE_NAME', fault)
      if (size > sizeMax) {
        const mend = `this receiver takes at most ${sizeMax}`
        throw new BusError('TOO_LARGE', `"${name}" has ${size} bytes: ${mend}`)
      }
      const path = join(directory, name)
      const there = await lstat(path).catch(() => undefined)
      if (there && !overwrite) {
        if (!there.isFile() || there.size !== size) throw exists(path)
        this.#there = path
        return
      }
      await this.#open()
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** An offer that may bring the hash. */
  offered({ hash }: Offer): void {
    if (hash === undefined) return
    this.#hash = hash
    this.#checkIfReady()
  }

  async take(chunk: Chunk): Promise<void> {
    const part = this.#part
    if (!part || this.#state !== 'taking') return
    if (chunk.offset + chunk.bytes.length > this.announced.size) return
    try {
      this.#taken += await part.write(chunk.offset, chunk.bytes)
      this.#checkIfReady()
    } catch (error) {
      await part.discard()
      this.#refuse(error)
    }
  }

  /** What to answer a sender's last offer. */
  status(to: PeerId): Status {
    const lacking = this.#state === 'taking' && this.#part
    return {
      type: 'file-status',
      to,
      file: this.announced.file,
      mark: this.marks.get(to) ?? 0,
      receiver: this.#word,
      state: this.#state,
      has: this.has,
      lacks: lacking ? lacking.have.lacking(this.announced.size, LACKS_MAX) : [],
      ...(this.#reason !== undefined && { reason: this.#reason }),
    }
  }

  /** This side ends: what has come stays for another time. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#checking
    if (!this.#isOver) await this.#part?.close()
  }

  /** Its senders have gone; `spoilt`: what has come is worth nothing. */
  async abandon(spoilt: boolean): Promise<void> {
    await this.close()
    if (this.#isOver) return
    if (spoilt) await this.#part?.discard()
    const { name } = this.announced
    const end = spoilt ? 'the file changed meanwhile' : 'what has come is kept for another time'
    const fault = `the sender of "${name}" has left before all of it had come`
    this.#refuse(new BusError(spoilt ? 'CHANGED' : 'ABANDONED', `${fault}: ${end}`))
  }

  get #isOver(): boolean {
    return this.#state === 'done' || this.#state === 'refused'
  }

  async #open(): Promise<void> {
    this.#part = await Part.open(this.#rules.directory, this.announced, this.#word)
    this.#word = this.#part.receiver
    this.#state = 'taking'
  }

  #checkIfReady(): void {
    if (this.#hash === undefined || this.#checking || this.#closed || this.#isOver) return
    if (this.#there === undefined && this.#part?.complete !== true) return
    this.#state = 'checking'
    this.#checking = this.#check(this.#hash).finally(() => (this.#checking = undefined))
  }

  async #check(hash: string): Promise<void> {
    try {
      if (this.#there !== undefined) {
        if ((await hashOf(this.#there)) !== hash) throw exists(this.#there)
        this.#done(this.#there, hash)
      } else if ((await this.#part?.hash()) === hash) {
        const path = await this.#part!.finish(this.#rules.overwrite)
        this.#done(path, hash)
      } else {
        await this.#again()
      }
    } catch (error) {
      // A name that is taken, or a disk that failed: the bytes are of no more use.
      await this.#part?.discard()
      this.#refuse(error)
    }
  }

  /** The hash is another one: what an earlier life has left may be wrong, so all of it is taken. */
  async #again(): Promise<void> {
    await this.#part?.discard()
    if (this.#retried) {
      const fault = `"${this.announced.name}" came twice with another hash than its sender's`
      throw new BusError('CHANGED', `${fault}: has the file changed while it was sent?`)
    }
    this.#retried = true
    if (!this.#closed) await this.#open()
  }

  #done(path: string, hash: string): void {
    this.#state = 'done'
    this.#ended({ type: 'done', path, hash, taken: this.#taken })
  }

  #refuse(cause: unknown): void {
    if (this.#isOver) return
    const error = fileError(cause, `"${this.announced.name}" cannot be received`)
    this.#state = 'refused'
    this.#reason = reasonOf(error)
    this.#part = undefined
    this.#ended({ type: 'refused', error })
  }
}

function exists(path: string): BusError {
  return new BusError('EXISTS', `there is another ${path}: remove it, or overwrite`)
}

async function hashOf(path: string): Promise<string> {
  const digest = createHash('sha256')
  await pipeline(createReadStream(path), digest)
  return digest.digest('hex')
}
