/** The cryptography of pages gives what every other gives. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { tweetnaclCrypto } from '../../../bus/io/tweetnacl.ts'

describe("tweetnacl's cryptography", () => {
  it.each([0, 1, 127, 128, 129, 200, 1000])('hashes as every other for %i bytes', (size) => {
    const data = new Uint8Array(randomBytes(size))
    const sha = createHash('sha512').update(data).digest()
    expect(tweetnaclCrypto.hash(data)).toEqual(new Uint8Array(sha))
    for (const length of [0, 32, 64, 127, 128, 129, 300]) {
      const key = new Uint8Array(randomBytes(length))
      const mac = createHmac('sha512', key).update(data).digest()
      expect(tweetnaclCrypto.hmac(key, data)).toEqual(new Uint8Array(mac))
    }
  })
})
