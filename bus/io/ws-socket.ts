/** The sockets of links on Node, by the package ws. */
import { WebSocket } from 'ws'
import { LINK_MESSAGE_MAX, LINK_PROTOCOL } from '../core/wire/link.ts'
import type { LinkSocket, LinkSockets, SocketEvents } from './link-socket.ts'
import { systemCode } from './udp-socket.ts'

export const nodeSockets: LinkSockets = {
  dial,
  turn: (then) => void setImmediate(then),
  after: (delayMs, then) => {
    const timer = setTimeout(then, delayMs)
    return () => clearTimeout(timer)
  },
}

function dial(url: string, events: SocketEvents): LinkSocket {
  const socket = new WebSocket(url, LINK_PROTOCOL, {
    perMessageDeflate: false,
    maxPayload: LINK_MESSAGE_MAX,
    followRedirects: false,
  })
  let fault: string | undefined
  let answered = false
  socket.on('message', (data: Buffer, binary) => events.message(binary ? data : undefined))
  socket.on('unexpected-response', (_request, { statusCode, statusMessage }) => {
    fault ??= `answers ${statusCode} ${statusMessage}`
    answered = true
    socket.terminate()
  })
  socket.on('error', (error) => {
    if (fault === undefined) {
      const misfit = misfitOf(error)
      fault = misfit ?? wordsOf(error)
      answered = misfit !== undefined
    }
    socket.terminate()
  })
  socket.on('close', (code, reason) => {
    const end = { code, reason: reason.toString() }
    events.closed(fault === undefined ? end : { ...end, fault, answered })
  })
  return {
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    send: (message, taken) => socket.send(message, taken),
    close: () => socket.close(1000),
    terminate: () => socket.terminate(),
  }
}

/** `connect ECONNREFUSED ::1:9` says it; some errors have only a code. */
function wordsOf(error: Error): string {
  return error.message === '' ? systemCode(error) : error.message
}

/** What answers speaks another language than the address says. */
function misfitOf(error: Error): string | undefined {
  const code = systemCode(error)
  if (code.startsWith('HPE_'))
    return 'what answers there speaks no HTTP: wss:// where it speaks TLS'
  if (code !== 'EPROTO' && !code.startsWith('ERR_SSL_')) return undefined
  if (/wrong.version.number|packet.length.too.long|record.layer.failure/i.test(error.message)) {
    return 'what answers there speaks no TLS: ws:// instead of wss://'
  }
  // OpenSSL's line has its reason last but for the place in its source.
  const { reason } = error as { readonly reason?: string }
  return `no TLS: ${reason ?? code}`
}
