/** Plain multicast by node:dgram, one message a datagram: what there is without any library. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { chooseInterfaces, listInterfaces } from '../../../bus/io/interfaces.ts'
import { probeGroup } from '../../../bus/io/udp-scope.ts'
import { hasRoute } from '../../../bus/io/udp-socket.ts'
import type { Contestant, Place, Where } from './contestant.ts'

export const raw: Contestant = {
  label: 'open, nothing repaired',
  async publisher(where) {
    const socket = await opened(0)
    const zone = zoneOf(where.place)
    socket.setMulticastInterface(`::%${zone}`)
    socket.setMulticastTTL(where.place === 'host' ? 0 : 1)
    socket.connect(where.port, `${groupOf(where)}%${zone}`)
    await once(socket, 'connect')
    return {
      turn: (payloads) => {
        for (const payload of payloads) socket.send(payload)
      },
      close: () => void socket.close(),
    }
  },
  async subscriber(where, heard) {
    const socket = await opened(where.port)
    socket.setRecvBufferSize(RECEIVE_BUFFER)
    socket.addMembership(groupOf(where), `::%${zoneOf(where.place)}`)
    socket.on('message', heard)
    return { close: () => void socket.close() }
  },
}

async function opened(port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp6', reuseAddr: true, ipv6Only: true })
  socket.bind(port)
  await once(socket, 'listening')
  return socket
}

function groupOf({ place }: Where): string {
  return `${place === 'host' ? 'ff11' : 'ff12'}::be:8000:1`
}

/** The interface that sixcast would take. */
function zoneOf(place: Place): string {
  const scope = place === 'host' ? 'host' : 'link'
  const probe = probeGroup(scope)
  const [first] = chooseInterfaces(listInterfaces(), {
    scope,
    carries: (loopback) => hasRoute(loopback, probe),
  })
  if (!first) throw new Error('no interface carries IPv6 multicast here')
  return first.zone
}

/** As large as sixcast's. */
const RECEIVE_BUFFER = 4 * 1024 * 1024
