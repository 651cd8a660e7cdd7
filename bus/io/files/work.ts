/** Files as a bus on Node does them. */
import type { FileWork } from '../../api/file-work.ts'
import { LiveReceiving } from './receive.ts'
import { sendFile } from './send.ts'

export const fileWork: FileWork = {
  send: sendFile,
  receive: (host, where, options) => new LiveReceiving(host, where, options),
}
