/** Files as a bus on Node does them. */
import { checkReceive, checkSend, type FileWork } from '../../api/file-work.ts'
import { LiveReceiving } from './receive.ts'
import { sendFile } from './send.ts'

export const fileWork: FileWork = {
  send: async (bus, given, options) => {
    checkSend(given, options)
    return sendFile(bus, given, options ?? {})
  },
  receive: (host, where, options) => {
    checkReceive(where.directory, options)
    return new LiveReceiving(host, where, options ?? {})
  },
}
