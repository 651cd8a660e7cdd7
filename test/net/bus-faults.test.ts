/** The bus on interfaces that fail under a stream: it flows again, and what is lost is reported. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, afterAll, describe, expect, test } from 'vitest'
import { Groups } from '../../bus/core/path/group.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { crypto } from '../unit/core/crypto.ts'
import { accountOf, clean, gapsOf, heardAfter, report } from './bus-measure.ts'
import { labKey, Peers } from './bus-peer.ts'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'
import { group as bareGroup, listen, port as barePort } from './lab/probes.ts'
import type { HostProcess } from './lab/process.ts'

describe('an interface', () => {
  let lab: Lab
  let a1: Host
  let a2: Host

  beforeAll(async () => {
    lab = await openLab({ a: ['a1', 'a2', 'a3'] })
    a1 = lab.host('a1')
    a2 = lab.host('a2')
  })
  // Each test finds all interfaces up, whatever the one before has left.
  afterEach(async () => {
    await Promise.all([a1, a2].map((host) => host.link('eth0', 'up')))
    await Promise.all([a1, a2].map((host) => host.port('eth0', 'up')))
  })
  afterAll(async () => await lab.close())

  const faults = {
    'goes down and comes back': {
      hurt: (host: Host) => host.link('eth0', 'down'),
      heal: (host: Host) => host.link('eth0', 'up'),
    },
    'is deleted and made again': {
      hurt: (host: Host) => host.deleteInterface('eth0'),
      heal: (host: Host) => host.recreateInterface('eth0'),
    },
    'loses its carrier for a while': {
      hurt: (host: Host) => host.port('eth0', 'down'),
      heal: (host: Host) => host.port('eth0', 'up'),
    },
  }
  const sides = ['subscriber', 'publisher'] as const
  const cases = [
    ...Object.keys(faults).flatMap((fault) =>
      sides.map((side) => ({ fault, side, darkSeconds: 1 })),
    ),
    // Longer than a silent peer is remembered: it leaves and comes again.
    ...sides.map((side) => ({ fault: 'goes down and comes back', side, darkSeconds: 8 })),
    // Longer than a publisher keeps what it sent, too.
    { fault: 'loses its carrier for a while', side: 'subscriber', darkSeconds: 13 } as const,
  ]

  test.each(cases)(
    'of the $side that $fault ($darkSeconds s) carries the stream on, its loss told',
    async ({ fault, side, darkSeconds }) => {
      const { hurt, heal } = faults[fault as keyof typeof faults] // The keys are its own.
      await using peers = new Peers()
      const publisher = await peers.start(a1)
      const [listener, bystander] = await peers.listen([a2, lab.host('a3')], 'stream')
      await publisher.say({ repeat: 'stream', everyMs: 50 })
      await Promise.all([listener!.hears(20), bystander!.hears(20)])
      const host = side === 'subscriber' ? a2 : a1
      await hurt(host)
      await sleep(darkSeconds * 1000)
      const healedAt = Date.now()
      await heal(host)
      const first = await heardAfter(listener!, healedAt)
      await heardAfter(listener!, healedAt, 40)
      await publisher.say({ rest: true })
      report(`the ${side} whose interface ${fault}, ${darkSeconds} s`, [
        { flowsAfterMs: Math.round(first - healedAt), gaps: gapsOf(listener!) },
      ])
      expect(first - healedAt).toBeLessThan(6_000)
      expect(await accountOf(listener!, publisher)).toEqual(clean)
      expect(await accountOf(bystander!, publisher)).toEqual(clean)
      const lostByAll = side === 'subscriber' ? {} : gapsOf(listener!)
      expect(gapsOf(bystander!)).toEqual(lostByAll)
    },
    60_000,
  )
})

describe('a snooping switch port', () => {
  let lab: Lab
  let a1: Host
  let a2: Host

  beforeAll(async () => {
    lab = await openLab({ s: { hosts: ['a1', 'a2', 'a3'], snooping: true } })
    a1 = lab.host('a1')
    a2 = lab.host('a2')
  })
  afterAll(async () => await lab.close())

  const cases = [
    { darkMs: 1000, neighbours: 0 },
    // Between two looks at the interface: only the silence tells.
    { darkMs: 300, neighbours: 0 },
    { darkMs: 100, neighbours: 0 },
    // Long enough for each process of the host to see it: all leave, and the first one back is
    // the first member, which the kernel reports.
    { darkMs: 1500, neighbours: 2 },
  ]

  test.each(cases)(
    'that flaps for $darkMs ms is dark for 2 s at most, beside $neighbours neighbours',
    async ({ darkMs, neighbours }) => {
      await using peers = new Peers()
      const publisher = await peers.start(a1)
      const hosts = Array.from({ length: neighbours + 1 }, () => a2)
      const [listener, ...others] = await peers.listen(hosts, 'stream')
      await publisher.say({ repeat: 'stream', everyMs: 50 })
      await Promise.all([listener!, ...others].map((peer) => peer.hears(20)))
      await using bare = await listen(a2)
      await using speaker = new Speaker(a1)
      await untilPruned(lab.host('a3'))
      await a2.port('eth0', 'down')
      await sleep(darkMs)
      const backAt = Date.now()
      await a2.port('eth0', 'up')
      // A program that joins once and then waits shows what the switch does by itself.
      const bareBack = bare.line(speaker.later(), 15_000).then(() => Date.now())
      const busDarkMs = (await heardAfter(listener!, backAt)) - backAt
      await heardAfter(listener!, backAt, 40)
      await publisher.say({ rest: true })
      const bareDarkMs = (await bareBack) - backAt
      const { rejoins } = await listener!.stats()
      report(`a snooping port that is down for ${darkMs} ms, ${neighbours} neighbours`, [
        { busDarkMs, bareDarkMs, rejoins, gaps: gapsOf(listener!) },
      ])
      // 2 s by design; the rest is this machine's noise.
      expect(busDarkMs).toBeLessThan(3_000)
      expect(await accountOf(listener!, publisher)).toEqual(clean)
    },
    90_000,
  )

  // The control group still comes through, so the host is anything but silent.
  test('that forgets the group of one stream is dark for 2 s at most', async () => {
    await using peers = new Peers()
    const publisher = await peers.start(a1)
    const listener = await peers.start(a2)
    // A topic of its own: the switch may remember the groups of the tests before.
    await listener.say({ subscribe: 'forgotten' })
    await publisher.say({ repeat: 'forgotten', everyMs: 50 })
    await listener.hears(20)
    await using _speaker = new Speaker(a1)
    const group = groupOf('forgotten')
    await untilPruned(lab.host('a3'))
    // A query that happens to go out just then makes the switch learn the group again at once.
    let forgottenAt = 0
    const heardLately = (): boolean =>
      listener.messages().some(({ at }) => at > forgottenAt + UNDER_WAY_MS)
    do {
      forgottenAt = Date.now()
      await lab.segment('s').forget('a2', group)
      await sleep(2 * UNDER_WAY_MS)
    } while (heardLately())
    const busDarkMs = (await heardAfter(listener, forgottenAt + UNDER_WAY_MS)) - forgottenAt
    await publisher.say({ rest: true })
    const { rejoins } = await listener.stats()
    report('a snooping switch that forgets one group', [{ busDarkMs, rejoins }])
    expect(rejoins).toBeGreaterThan(0)
    expect(busDarkMs).toBeLessThan(3_000)
    expect(await accountOf(listener, publisher)).toEqual(clean)
  }, 60_000)
})

function groupOf(topic: string): string {
  const keys = new RealmKeys(crypto, { name: 'lab', root: Buffer.from(labKey, 'hex') })
  return new Groups('link', 0, (label) => keys.groupBytes(label)).of(keys.tagOf(topic))
}

/** What was on its way when a switch forgot its receiver still comes. */
const UNDER_WAY_MS = 200

/** Says something to the bare group again and again. */
class Speaker implements AsyncDisposable {
  readonly #process: HostProcess
  readonly #timer: NodeJS.Timeout
  #said = 0

  constructor(host: Host) {
    const program = new URL('lab/probe.js', import.meta.url).pathname
    this.#process = host.spawn('node', [program, 'send', bareGroup, `${barePort}`, 'eth0'])
    this.#timer = setInterval(() => this.#process.write(`${(this.#said += 1)}\n`), 50)
  }

  /** Fits a line of the probe that shows something said from now on. */
  later(): (line: string) => boolean {
    const now = this.#said
    return (line) => Number(/"text":"(\d+)"/.exec(line)?.[1]) > now
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#process.stop()
  }
}

/** A switch floods for a while after its start: waits until a host that joined nothing is spared. */
async function untilPruned(idle: Host): Promise<void> {
  await using capture = await idle.capture('eth0', `udp port ${barePort}`)
  const heard = async (): Promise<number> => {
    const before = (await capture.frames()).length
    await sleep(300)
    return (await capture.frames()).length - before
  }
  await expect.poll(heard, { timeout: 30_000 }).toBe(0)
}
