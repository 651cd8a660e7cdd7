/** The secretbox of sodium-native against that of tweetnacl, by the size of the body. */
import { randomBytes } from 'node:crypto'
import { sodiumBox } from '../../bus/io/secretbox.ts'
import { tweetnaclBox } from '../../bus/io/tweetnacl.ts'
import { race } from './rounds.ts'

const sodium = await sodiumBox()
if (sodium === undefined) throw new Error('sodium-native does not load here')
const nonce = randomBytes(24)
const key = randomBytes(32)

const lines = [
  '| bytes | seal: sodium, us | tweetnacl, us | ratio | open: sodium | tweetnacl | ratio |',
]
for (const size of [64, 1190, 60_000]) {
  const message = randomBytes(size)
  const box = new Uint8Array(size + 16)
  const out = new Uint8Array(size)
  tweetnaclBox.seal(box, message, nonce, key)
  const seal = race({
    sodium: () => sodium.seal(new Uint8Array(size + 16), message, nonce, key),
    tweetnacl: () => tweetnaclBox.seal(new Uint8Array(size + 16), message, nonce, key),
  })
  const open = race({
    sodium: () => void sodium.open(out, box, nonce, key),
    tweetnacl: () => void tweetnaclBox.open(out, box, nonce, key),
  })
  lines.push(`| ${size} | ${times(seal)} | ${times(open)} |`)
}
process.stdout.write(`${lines.join('\n')}\n`)

function times(speeds: ReadonlyMap<string, number>): string {
  const [fast = 1, slow = 1] = [speeds.get('sodium'), speeds.get('tweetnacl')]
  const us = (speed: number): string => (1e6 / speed).toFixed(1)
  return `${us(fast)} | ${us(slow)} | ${(fast / slow).toFixed(1)}`
}
