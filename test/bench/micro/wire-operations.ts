/** What is measured of the wire: headers, datagrams and records. */
import { Writer } from '../../../bus/core/wire/cursor.ts'
import {
  BODY_OFFSET,
  type Header,
  Kind,
  readHeader,
  splitDatagram,
  VERSION_SEALED,
  writeHeader,
} from '../../../bus/core/wire/packet.ts'
import { readRecords, writePrefix, writeRecord } from '../../../bus/core/wire/record.ts'
import type { Operation } from './meter.ts'

export function wireOperations(): Operation[] {
  const packet = packetOf(1)
  const joined = new Uint8Array(
    Buffer.concat(Array.from({ length: PACKETS }, (_, i) => packetOf(i))),
  )
  const writer = new Writer(2048)
  const payload = new Uint8Array(64)
  const write = (): Uint8Array => {
    writer.offset = 0
    writePrefix(writer, 1, 1)
    for (let count = 0; count < RECORDS; count++) writeRecord(writer, 0, payload)
    return writer.written
  }
  const body = new Uint8Array(write())
  const part = 'wire'
  return [
    {
      part,
      name: 'write a header',
      run: () => writeHeader(packet, headerOf(7), BODY_SIZE),
      right: () => readHeader(packet).number === 7,
    },
    {
      part,
      name: 'read a header',
      run: () => readHeader(packet),
      right: (header) => (header as Header).stream === STREAM,
    },
    {
      part,
      name: `a packet of a datagram of ${PACKETS}`,
      times: PACKETS,
      run: () => {
        let packets = 0
        const fault = splitDatagram(joined, () => (packets += 1))
        return fault ?? packets
      },
      right: (packets) => packets === PACKETS,
    },
    {
      part,
      name: `write a record of 64 B, ${RECORDS} a body`,
      times: RECORDS,
      run: write,
      right: (bytes) => readRecords(bytes as Uint8Array)?.records.length === RECORDS,
    },
    {
      part,
      name: `read a record of 64 B, ${RECORDS} a body`,
      times: RECORDS,
      run: () => readRecords(body)?.records.length,
      right: (count) => count === RECORDS,
    },
  ]
}

function packetOf(number: number): Uint8Array {
  const packet = new Uint8Array(BODY_OFFSET + BODY_SIZE)
  writeHeader(packet, headerOf(number), BODY_SIZE)
  return packet
}

function headerOf(number: number): Header {
  return {
    version: VERSION_SEALED,
    kind: Kind.data,
    flags: 0,
    epoch: 1,
    instance: 0x0102030405060708n,
    stream: STREAM,
    number,
    hint: 9,
  }
}

const STREAM = 77
const BODY_SIZE = 100
const PACKETS = 10
const RECORDS = 16
