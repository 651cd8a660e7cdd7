/** Who is here: a peer that ends says so, one that dies is missed, one that stands still is kept. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountOf, clean, report } from './bus-measure.ts'
import { changeOf, Peers } from './bus-peer.ts'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'

let lab: Lab
let a1: Host
let a2: Host

beforeAll(async () => {
  lab = await openLab({ a: ['a1', 'a2'] })
  a1 = lab.host('a1')
  a2 = lab.host('a2')
})
afterAll(async () => await lab.close())

test('a publisher that closes leaves at once, in its host and in others', async () => {
  await using peers = new Peers()
  const publisher = await peers.start(a1)
  const others = await peers.listen([a1, a2], '**')
  await publisher.say({ publish: 'x', value: 1 })
  await Promise.all(others.map((peer) => peer.hears(1)))
  const closedAt = Date.now()
  const { unconfirmed } = await publisher.say({ close: true })
  expect(unconfirmed).toEqual([])
  const leaveMs: number[] = []
  for (const peer of others) {
    const leave = await peer.tells('peer', changeOf('leave', publisher.id))
    leaveMs.push(leave.at - closedAt)
    expect(leave.at - closedAt).toBeLessThan(1_000)
  }
  report('from close to leave', [{ leaveMs }])
})

test('a publisher that is killed is missed within seconds, and what it sent is kept', async () => {
  await using peers = new Peers()
  const publisher = await peers.start(a1)
  const others = await peers.listen([a1, a2], '**')
  await publisher.say({ repeat: 'stream', everyMs: 10 })
  await Promise.all(others.map((peer) => peer.hears(50)))
  const killedAt = Date.now()
  publisher.process.signal('SIGKILL')
  await publisher.process.exit
  const leaveMs: number[] = []
  for (const peer of others) {
    const leave = await peer.tells('peer', changeOf('leave', publisher.id), 15_000)
    leaveMs.push(leave.at - killedAt)
  }
  report('from kill -9 to leave', [{ leaveMs }])
  for (const ms of leaveMs) expect(ms).toBeLessThan(8_000)
  for (const peer of others) {
    const numbers = peer.messages('stream').map((line) => line.sequence)
    expect(numbers).toEqual(numbers.map((_, at) => at))
  }
  // Its successor is another instance, whose streams begin anew.
  const successor = await peers.start(a1)
  await successor.say({ publish: 'stream', value: 'again' })
  for (const peer of others) {
    await peer.tells('message', (line) => line.from === successor.id && line.sequence === 0)
  }
})

test('a subscriber that is killed holds no publisher up for longer than it lingers', async () => {
  await using peers = new Peers()
  const publisher = await peers.start(a1, { linger: 1_000 })
  const [killed, well] = await peers.listen([a2, a2], 'x')
  await publisher.say({ repeat: 'x', everyMs: 20 })
  // By then each has made itself known to the publisher.
  await Promise.all([killed!.hears(20), well!.hears(20)])
  await publisher.say({ rest: true })
  killed!.process.signal('SIGKILL')
  await killed!.process.exit
  await publisher.say({ publish: 'x', value: 'last' })
  await well!.tells('message', ({ value }) => value === 'last')
  const before = Date.now()
  const { unconfirmed } = await publisher.say({ close: true })
  expect(Date.now() - before).toBeLessThan(4_000)
  expect(unconfirmed).toHaveLength(1)
})

test('a peer that stood still for 8 s goes on, and accounts for what it missed', async () => {
  await using peers = new Peers()
  const publisher = await peers.start(a1)
  const [listener] = await peers.listen([a2], 'stream')
  await publisher.say({ repeat: 'stream', everyMs: 50 })
  await listener!.hears(20)
  listener!.process.signal('SIGSTOP')
  await publisher.tells('peer', changeOf('leave', listener!.id), 15_000)
  const wokenAt = Date.now()
  listener!.process.signal('SIGCONT')
  await listener!.until(
    'messages again',
    () => listener!.messages().filter(({ at }) => at >= wokenAt).length > 40,
  )
  await publisher.say({ rest: true })
  expect(await accountOf(listener!, publisher)).toEqual(clean)
})
