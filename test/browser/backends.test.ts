/** The cryptography of pages beside the machine's: the same bytes and verdicts, and streams of both. */
import type { Page } from 'playwright-core'
import nacl from 'tweetnacl'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as Signatures from '../../client/ed25519.ts'
import type { Transport } from '../../bus/io/transport.ts'
import type * as Digits from '../../bus/io/digits.ts'
import type * as Keys from '../../bus/core/seal/keys.ts'
import type * as Seal from '../../bus/core/seal/sealer.ts'
import {
  BODY_OFFSET,
  HEADER_SIZE,
  Kind,
  LENGTH_SIZE,
  readHeader,
} from '../../bus/core/wire/packet.ts'
import { connectOver } from '../../bus/io/connect.ts'
import { signerOf, strictVerifier } from '../../bus/io/ed25519.ts'
import { sodiumBox } from '../../bus/io/secretbox.ts'
import { nodeSystem } from '../../bus/io/system.ts'
import type * as Tweetnacl from '../../bus/io/tweetnacl.ts'
import { tweetnaclBox, tweetnaclCrypto } from '../../bus/io/tweetnacl.ts'
import { udpTransport } from '../../bus/io/udp.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { attack } from '../attack/attack.ts'
import { dice, flipped } from '../attack/twins.ts'
import { crypto, hex } from '../unit/core/crypto.ts'
import { identity, realmName, root, sealedRealm, sender } from '../vectors/samples.ts'
import { bundle } from './bundle.ts'
import { gotIn, subscribeIn, take, useWorld, type World } from './world.ts'

declare global {
  /** Parts of the built package that its front door does not have. */
  var parts: Pick<typeof Seal, 'Sealer'> &
    Pick<typeof Keys, 'RealmKeys'> &
    Pick<typeof Tweetnacl, 'tweetnaclCrypto'> &
    Pick<typeof Signatures, 'pageSignatures'> &
    Pick<typeof Digits, 'hex'>
}

let world: World
useWorld((opened) => (world = opened))

let page: Page
beforeAll(async () => {
  const { code } = await bundle(PARTS)
  page = await world.browsing.tab()
  await page.addScriptTag({ type: 'module', content: code })
  await page.waitForFunction(() => 'parts' in globalThis)
})
afterAll(async () => await page?.close())

const sodium = (await sodiumBox())!
const boxes = { sodium, tweetnacl: tweetnaclBox }
const topic = 'hall/3/temperature'
const dataKey = sealedRealm.dataKeyOf(sender, topic)

function sealed(number: number, box: typeof sodium = sodium): Uint8Array {
  const sealer = new Sealer({ ...crypto, ...box }, sealedRealm, sender.instance)
  const id = { kind: Kind.data, flags: 0, stream: 1, number }
  return sealer.seal(id, new TextEncoder().encode(`message ${number}`), dataKey)
}

/** What the page makes of packets: their bodies, or null for those that do not open. */
function openedInPage(packets: readonly Uint8Array[]): Promise<(string | null)[]> {
  const given = { packets: packets.map(hex), key: hex(dataKey), ...realm }
  return page.evaluate(({ packets: all, key, name, root: realmRoot, instance }) => {
    const bytes = (text: string) =>
      Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
    const { RealmKeys, Sealer: PageSealer, tweetnaclCrypto: own, hex: digits } = parts
    const keys = new RealmKeys(own, { name, root: bytes(realmRoot) })
    const sealer = new PageSealer(own, keys, BigInt(instance))
    return all.map((packet) => {
      const body = sealer.open(bytes(packet), bytes(key))
      return body ? digits(body) : null
    })
  }, given)
}

/** The same packets as `sealed` makes, by the page. */
function sealedInPage(numbers: readonly number[]): Promise<string[]> {
  return page.evaluate(
    ({ numbers: all, key, name, root: realmRoot, instance }) => {
      const bytes = (text: string) =>
        Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
      const { RealmKeys, Sealer: PageSealer, tweetnaclCrypto: own, hex: digits } = parts
      const keys = new RealmKeys(own, { name, root: bytes(realmRoot) })
      const sealer = new PageSealer(own, keys, BigInt(instance))
      return all.map((number) => {
        const text = new TextEncoder().encode(`message ${number}`)
        return digits(sealer.seal({ kind: 0, flags: 0, stream: 1, number }, text, bytes(key)))
      })
    },
    { numbers, key: hex(dataKey), ...realm },
  )
}

describe('a packet, in Chromium', () => {
  attack(
    'each bit of its header turned',
    { by: 'outsider', holds: 'the box of pages opens none of 192, as no other does' },
    async () => {
      const packet = sealed(7)
      const bits = Array.from({ length: HEADER_SIZE * 8 }, (_, bit) => LENGTH_SIZE * 8 + bit)
      const turned = bits.map((bit) => flipped(packet, bit))
      const opened = await openedInPage([packet, ...turned])
      expect(opened[0]).toBe(hex(new TextEncoder().encode('message 7')))
      expect(opened.slice(1)).toEqual(bits.map(() => null))
      for (const box of Object.values(boxes)) {
        const sealer = new Sealer({ ...crypto, ...box }, sealedRealm, sender.instance)
        expect(turned.filter((one) => sealer.open(one, dataKey))).toEqual([])
      }
    },
  )

  attack(
    'ten thousand random changes, in a page',
    { by: 'outsider', holds: 'none of them opens' },
    async () => {
      const random = dice('changes')
      const packet = sealed(8)
      const changed = Array.from({ length: 10_000 }, () => {
        const places = Array.from({ length: random.integer(1, 4) }, () =>
          random.integer(LENGTH_SIZE * 8, packet.length * 8 - 1),
        )
        return flipped(packet, ...new Set(places))
      })
      expect((await openedInPage(changed)).filter((body) => body !== null)).toEqual([])
    },
  )

  attack(
    'each bit of its header turned on the way to a page',
    {
      by: 'on path',
      holds: 'the page drops and counts what was changed, and hears each message once',
    },
    async () => {
      const transport = udpTransport({ scope: 'host', port: Number(world.home.port) })
      const turned = turning(transport)
      await using member = await connectOver(transport, { realm: 'web', key: world.key })
      const tab = await world.tab()
      await subscribeIn(tab, 'turned')
      await member.matched('turned')
      const values = Array.from({ length: 50 }, (_, i) => i)
      for (const value of values) {
        member.publish('turned', value, { urgent: true })
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      expect(await gotIn(tab, 50)).toEqual(values.map((value) => ['turned', value]))
      const { forged, messagesLost } = await tab.evaluate(() => bus.stats())
      expect(turned()).toBeGreaterThan(2000)
      expect(forged).toBeGreaterThan(100)
      expect(messagesLost).toBe(0)
      await tab.close()
    },
  )
})

describe('the backends', () => {
  const numbers = Array.from({ length: 60 }, (_, i) => i + 1)

  it('seal to the same bytes', async () => {
    const bySodium = numbers.map((number) => hex(sealed(number)))
    expect(numbers.map((number) => hex(sealed(number, tweetnaclBox)))).toEqual(bySodium)
    expect(await sealedInPage(numbers)).toEqual(bySodium)
  })

  it('each open one stream that all have sealed by turns', async () => {
    const inPage = await sealedInPage(numbers)
    const stream = numbers.map((number, i) => {
      if (i % 3 === 2) return new Uint8Array(Buffer.from(inPage[i]!, 'hex'))
      return sealed(number, i % 3 === 0 ? sodium : tweetnaclBox)
    })
    const bodies = numbers.map((number) => hex(new TextEncoder().encode(`message ${number}`)))
    for (const box of Object.values(boxes)) {
      const sealer = new Sealer({ ...crypto, ...box }, sealedRealm, sender.instance)
      expect(stream.map((packet) => hex(sealer.open(packet, dataKey)!))).toEqual(bodies)
    }
    expect(await openedInPage(stream)).toEqual(bodies)
  })

  it('sign to the same bytes, and believe each other', async () => {
    const message = sealed(9).subarray(BODY_OFFSET)
    const byNode = signerOf(identity)(message)
    const { secretKey } = nacl.sign.keyPair.fromSeed(identity.secretKey)
    expect(hex(nacl.sign.detached(message, secretKey))).toBe(hex(byNode))
    const inPage = await page.evaluate(
      async ({ seed, publicKey, text }) => {
        const bytes = (digits: string) =>
          Uint8Array.from(digits.match(/../g) ?? [], (two) => Number.parseInt(two, 16))
        const own = { secretKey: bytes(seed), publicKey: bytes(publicKey) }
        const { sign, signNow, verify } = await parts.pageSignatures(own)
        const both = [await sign(bytes(text)), signNow(bytes(text))]
        const wrong = both[0]!.slice()
        wrong[0]! ^= 1
        const verdicts = [both[1]!, wrong].map(async (one) =>
          verify(bytes(text), one, own.publicKey),
        )
        return { both: both.map(parts.hex), verdicts: await Promise.all(verdicts) }
      },
      { seed: hex(identity.secretKey), publicKey: hex(identity.publicKey), text: hex(message) },
    )
    expect(inPage).toEqual({ both: [hex(byNode), hex(byNode)], verdicts: [true, false] })
    expect(strictVerifier()(message, byNode, identity.publicKey)).toBe(true)
  })

  it('talk on one signed topic, a machine with sodium, one with tweetnacl, and a page', async () => {
    const options = { realm: 'web', key: world.key, proof: 'checkpoint' } as const
    const port = Number(world.home.port)
    await using quick = await connectOver(udpTransport({ scope: 'host', port }), options)
    await using slow = await connectOver(
      udpTransport({ scope: 'host', port }),
      options,
      async (own) => {
        const system = await nodeSystem(own)
        return { ...system, env: { ...system.env, crypto: tweetnaclCrypto } }
      },
    )
    const tab = await world.tab({ options: { proof: 'checkpoint' } })
    const heard = [quick, slow].map((bus) => take(bus.subscribe('mixed', { queue: 1000 }), 300))
    await subscribeIn(tab, 'mixed')
    await Promise.all([quick, slow].map((bus) => bus.matched('mixed', { count: 2 })))
    await tab.evaluate(() => bus.matched('mixed', { count: 2 }).then(() => undefined))
    const words = (name: string): string[] => Array.from({ length: 100 }, (_, i) => `${name} ${i}`)
    for (const word of words('quick')) quick.publish('mixed', word)
    for (const word of words('slow')) slow.publish('mixed', word)
    await tab.evaluate((all) => all.forEach((word) => bus.publish('mixed', word)), words('page'))
    const inPage = (await gotIn(tab, 300)) as [string, string][]
    for (const values of [...(await Promise.all(heard)), inPage.map(([, word]) => word)]) {
      for (const name of ['quick', 'slow', 'page']) {
        expect(values.filter((word) => String(word).startsWith(name))).toEqual(words(name))
      }
    }
    await tab.close()
  })
})

/**
 * What a transport sends comes behind copies of itself, each with another bit of the header turned;
 * the first packets of each kind do. Gives how many copies there were.
 */
function turning(transport: Transport): () => number {
  const send = transport.send.bind(transport)
  const left = new Map([Kind.data, Kind.control, Kind.hello].map((kind) => [kind as number, 5]))
  let count = 0
  transport.send = (to, datagram) => {
    const { kind } = readHeader(datagram)
    const times = left.get(kind) ?? 0
    left.set(kind, times - 1)
    for (let bit = 0; times > 0 && bit < HEADER_SIZE * 8; bit++, count++) {
      send(to, flipped(datagram, LENGTH_SIZE * 8 + bit))
    }
    send(to, datagram)
  }
  return () => count
}

const realm = { name: realmName, root: hex(root), instance: String(sender.instance) }
const PARTS = `
  import { Sealer } from './dist/bus/core/seal/sealer.js'
  import { RealmKeys } from './dist/bus/core/seal/keys.js'
  import { tweetnaclCrypto } from './dist/bus/io/tweetnacl.js'
  import { hex } from './dist/bus/io/digits.js'
  import { pageSignatures } from './dist/client/ed25519.js'
  globalThis.parts = { Sealer, RealmKeys, tweetnaclCrypto, hex, pageSignatures }
`
