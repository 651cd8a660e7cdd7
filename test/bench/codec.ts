/**
 * JSON against CBOR on small objects: speed and size.
 *
 * `npm run -s compile && node .build/test/bench/codec.js PATH`, where PATH is the main file of a
 * cbor-x installed anywhere: it is no dependency of this package.
 */
import { pathToFileURL } from 'node:url'
import { race } from './rounds.ts'

interface Codec {
  encode(value: unknown): Uint8Array
  decode(bytes: Uint8Array): unknown
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
const json: Codec = {
  encode: (value) => encoder.encode(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(decoder.decode(bytes)),
}

const path = process.argv[2]
if (path === undefined) throw new Error('give the path of the main file of cbor-x')
const { href } = pathToFileURL(path)
const cbor = (await import(href)) as Codec

const samples: Readonly<Record<string, unknown>> = {
  reading: { celsius: 21.5, humidity: 0.43, at: 1_795_376_400_123 },
  command: { id: 'k3J9-xQ2', action: 'switch', on: true, rooms: ['kitchen', 'hall'] },
  entry: {
    level: 30,
    time: 1_795_376_400_123,
    message: 'GET /page/17 200 in 12.4 ms',
    request: { id: 981_233, path: '/page/17', agent: 'curl/8.5.0' },
    tags: ['web', 'eu-1'],
  },
}

const lines = ['| object | JSON bytes | CBOR bytes | JSON : CBOR, encode | decode |']
for (const [name, value] of Object.entries(samples)) {
  const [asJson, asCbor] = [json.encode(value), Uint8Array.from(cbor.encode(value))]
  const encode = race({ json: () => json.encode(value), cbor: () => cbor.encode(value) })
  const decode = race({ json: () => json.decode(asJson), cbor: () => cbor.decode(asCbor) })
  lines.push(
    `| ${name} | ${asJson.length} | ${asCbor.length} | ${ratio(encode)} | ${ratio(decode)} |`,
  )
}
process.stdout.write(`${lines.join('\n')}\n`)

function ratio(speeds: ReadonlyMap<string, number>): string {
  const [first = 0, second = 0] = [speeds.get('json'), speeds.get('cbor')]
  const thousands = (speed: number): string => `${Math.round(speed / 1000)}k/s`
  return `${(first / second).toFixed(2)} (${thousands(first)} : ${thousands(second)})`
}
