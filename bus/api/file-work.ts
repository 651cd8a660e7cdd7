/** What a bus hands to those who move files, checked. */
import type { Limits } from '../core/limits.ts'
import { BusError } from './errors.ts'
import type { ReceiveFilesOptions, Receiving, SendFileOptions, SendReport } from './file-options.ts'
import { RECEIVE_FILES, SEND_FILE } from './option-rules.ts'
import type { Bus } from './options.ts'
import { checkOptions, shown } from './rules.ts'

/** Moves files; a bus on Node has one, with a disk. */
export interface FileWork {
  send(
    bus: Bus,
    given: { readonly topic: string; readonly path: string },
    options: SendFileOptions,
  ): Promise<SendReport>
  receive(
    host: FileHost,
    where: { readonly pattern: string; readonly directory: string },
    options: ReceiveFilesOptions,
  ): Receiving
}

/** What a receiver needs of its bus. */
export interface FileHost {
  readonly bus: Bus
  /** An `error` event, for programs that do not ask for refusals. */
  error(error: BusError): void
}

/** Throws INVALID_OPTION. */
export function checkSend(path: unknown, options: SendFileOptions, limits: Limits): void {
  assertPath('the path of the file', path)
  checkOptions('sendFile', options, SEND_FILE)
  const { count = 1 } = options
  if (count <= limits.receivers) return
  const mend = `at most ${limits.receivers}, or raise limits.receivers`
  throw new BusError('INVALID_OPTION', `option "count" is ${count}: ${mend}`)
}

/** Throws INVALID_OPTION. */
export function checkReceive(directory: unknown, options: ReceiveFilesOptions): void {
  assertPath('the folder', directory)
  checkOptions('receiveFiles', options, RECEIVE_FILES)
}

function assertPath(what: string, path: unknown): void {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return
  throw new BusError('INVALID_OPTION', `${what} is ${shown(path)}: give a path`)
}
