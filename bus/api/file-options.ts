/** The public types of files over the bus: what `sendFile` and `receiveFiles` take and give. */
import type { BusError } from './errors.ts'
import type { Cancel, PeerId } from './terms.ts'

export interface SendFileOptions extends Cancel {
  /** Receivers to wait for before anything is sent. Default: 1. */
  readonly count?: number
  /** Gives up after so many ms without news of any receiver. Default: waits without end. */
  readonly timeout?: number
  /** The name that receivers see. Default: the file's own. */
  readonly name?: string
  /** Told about ten times a second, and at the end. */
  readonly progress?: (progress: SendProgress) => void
}

export interface SendProgress {
  readonly name: string
  readonly size: number
  /** Bytes of the file that have been read and hashed: the first pass is over at `size`. */
  readonly read: number
  /** Bytes handed to the bus so far, those that went out again included. */
  readonly sent: number
  readonly receivers: number
  readonly confirmed: number
}

/** What a receiver of a file is doing, or how it ended. */
export type FileState = 'taking' | 'checking' | 'done' | 'refused' | 'gone'

export interface FileReceiver {
  readonly id: PeerId
  readonly name: string
  readonly state: FileState
  /** Bytes of the file that it has. */
  readonly has: number
  /** Why it refused. */
  readonly reason?: string
}

/** How sending a file has ended. */
export interface SendReport {
  readonly name: string
  readonly size: number
  /** SHA-256 of the file, 64 hexadecimal digits. */
  readonly hash: string
  /** Bytes handed to the bus, those that went out again included. */
  readonly sent: number
  /** Receivers that have the whole file and its hash. */
  readonly confirmed: readonly FileReceiver[]
  /** Receivers that have not. */
  readonly unconfirmed: readonly FileReceiver[]
}

export interface ReceiveFilesOptions extends Cancel {
  /** True replaces files of the same name. Default: false, they are refused with EXISTS. */
  readonly overwrite?: boolean
  /** Largest file taken, bytes. Default: 16 GiB. */
  readonly sizeMax?: number
  /** Told about ten times a second for each file, and at its end. */
  readonly progress?: (progress: ReceiveProgress) => void
  /** Told of each file that will not come, and why. Without it: an `error` event of the bus. */
  readonly refused?: (refusal: FileRefusal) => void
}

export interface ReceiveProgress {
  readonly name: string
  readonly topic: string
  readonly from: PeerId
  readonly size: number
  /** Bytes that are here. */
  readonly has: number
}

/** A file that has come whole. */
export interface ReceivedFile {
  readonly name: string
  /** Where it is now. */
  readonly path: string
  readonly topic: string
  readonly from: PeerId
  readonly size: number
  /** SHA-256, 64 hexadecimal digits; compared with the sender's. */
  readonly hash: string
  /** Bytes that came over the bus; the rest was here before. */
  readonly taken: number
}

/** A file that will not come: refused, failed, or its sender has gone. */
export interface FileRefusal {
  readonly name: string
  readonly topic: string
  readonly from: PeerId
  readonly error: BusError
}

/** Files as they come, each one whole. Ends by `close` or `break`. */
export interface Receiving extends AsyncIterable<ReceivedFile>, AsyncDisposable {
  readonly pattern: string
  /** Offers that were refused, or have failed. */
  readonly refused: number
  /** What is unfinished stays on disk, to go on from there another time. */
  close(): Promise<void>
}
