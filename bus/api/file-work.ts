/** What a bus hands to those who move files, checked. */
import { parseTopic } from '../core/topic/pattern.ts'
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
    options: SendFileOptions | undefined,
  ): Promise<SendReport>
  receive(
    host: FileHost,
    where: { readonly pattern: string; readonly directory: string },
    options: ReceiveFilesOptions | undefined,
  ): Receiving
}

/** What a receiver needs of its bus. */
export interface FileHost {
  readonly bus: Bus
  /** An `error` event, for programs that do not ask for refusals. */
  error(error: Error): void
}

/** Throws INVALID_TOPIC or INVALID_OPTION. */
export function checkSend(
  { topic, path }: { readonly topic: string; readonly path: unknown },
  options: SendFileOptions | undefined,
): void {
  const parsed = parseTopic(topic)
  if (!parsed.ok) throw new BusError('INVALID_TOPIC', parsed.fault)
  assertPath('the path of the file', path)
  checkOptions('sendFile', options, SEND_FILE)
}

/** Throws INVALID_OPTION. */
export function checkReceive(directory: unknown, options: ReceiveFilesOptions | undefined): void {
  assertPath('the folder', directory)
  checkOptions('receiveFiles', options, RECEIVE_FILES)
}

function assertPath(what: string, path: unknown): void {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return
  throw new BusError('INVALID_OPTION', `${what} is ${shown(path)}: give a path`)
}
