/** Actors and a member that does not keep to their protocol: what it says, claims and fills is its own. */
import { describe, expect } from 'vitest'
import type { ActorsHost } from '../../bus/actors/host.ts'
import { Inbox } from '../../bus/actors/inbox.ts'
import { type Said, writeReplied, writeSaid } from '../../bus/actors/wire.ts'
import type { ActorContext, ActorGone } from '../../bus/api/actor-options.ts'
import type { Bus } from '../../bus/api/options.ts'
import { instanceOf } from '../../bus/api/request-call.ts'
import { utf8 } from '../../bus/core/text.ts'
import { counter, gate, keeper, refusal, until } from '../unit/actors/stage.ts'
import { code, three } from '../unit/api/asking.ts'
import { acquainted, network, pair } from '../unit/api/company.ts'
import { body } from '../unit/core/attacking.ts'
import { Gate, owner, signs, started } from '../unit/core/gating.ts'
import { grantOn, rightsBytes } from '../unit/core/granting.ts'
import { attack } from './attack.ts'
import { memory } from './memory.ts'

const ACTORS = 'sixcast/actors'

/** What a peer says on the topic of actors, whatever it is. */
function saying(to: Bus, said: Partial<Said> & Pick<Said, 'kind' | 'name'>): Uint8Array {
  const about = { to: instanceOf(to.id), id: 0, sender: '', codec: 1, payload: utf8('x') }
  return writeSaid({ ...about, ...said })
}

describe('an actor', () => {
  attack(
    'told in the name of an actor of somebody else',
    {
      by: 'member',
      holds:
        'its sender is an actor of the peer that speaks, and none that is absurd harms who reads it',
    },
    async () => {
      const [victim, other, liar] = await three()
      const heard: unknown[] = []
      const answer = (state: null, message: unknown, context: ActorContext<unknown>) => {
        heard.push([message, context.from, context.sender?.address])
        return { state }
      }
      victim.spawn('desk', answer, { initial: null })
      other.spawn('boss', keeper([]), { initial: null })
      await liar.matched(ACTORS, { count: 2 })
      const tell = (sender: string): Uint8Array => {
        return saying(victim, { kind: 'tell', name: 'desk', sender })
      }
      liar.publish(ACTORS, tell('boss'))
      await until(() => heard.length === 1)
      expect(heard).toEqual([['x', liar.id, `boss@${liar.id}`]])
      // Whoever reads `sender` must not fail by it: an actor that fails starts anew, and loses its state.
      const absurd = [`boss@${other.id}`, '@', '*', 'a//b', '{x}', '/']
      for (const sender of absurd) liar.publish(ACTORS, tell(sender))
      await until(() => victim.stats().malformed === absurd.length)
      liar.publish(ACTORS, tell('boss'))
      await until(() => heard.length === 2)
      expect(victim.stats().actorsFailed).toBe(0)
    },
  )

  attack(
    'said to have ended by a peer that has it not',
    { by: 'member', holds: 'whoever watches it goes on to, and is told of its own end alone' },
    async () => {
      const [watcher, owner, liar] = await three()
      const worker = owner.spawn('worker', counter, { initial: 0 })
      const ends: ActorGone[] = []
      const guard = (
        state: null,
        message: 'watch' | ActorGone,
        context: ActorContext<'watch' | ActorGone>,
      ) => {
        if (message === 'watch') context.watch(context.actor(`worker@${owner.id}`), (end) => end)
        else ends.push(message)
        return { state }
      }
      await watcher.spawn('guard', guard, { initial: null }).deliver('watch')
      expect(await watcher.actor(`worker@${owner.id}`).ask('get')).toBe(0)
      const ended = saying(watcher, { kind: 'ended', name: 'worker', payload: Uint8Array.of(0) })
      await liar.gather(ACTORS, ended, { to: watcher.id }).report
      expect(ends).toEqual([])
      await worker.close()
      await until(() => ends.length === 1)
      expect(ends).toEqual([{ address: `worker@${owner.id}`, reason: 'closed' }])
    },
  )

  attack(
    'answered for by a stranger',
    {
      by: 'member',
      holds: 'who asks by address gets the answer of that peer, and by name CONFLICT',
    },
    async () => {
      const [asker, owner, liar] = await three()
      owner.spawn('safe', counter, { initial: 7 })
      // It has every actor, and a reply to everything.
      liar.respond(ACTORS, () => Uint8Array.of(1))
      await asker.matched(ACTORS, { count: 2 })
      const safe = asker.actor(`safe@${owner.id}`)
      expect(await Promise.all([1, 2, 3].map(() => safe.ask('get')))).toEqual([7, 7, 7])
      await expect(asker.actor('safe').ask('get')).rejects.toEqual(code('CONFLICT', /name@peer/))
    },
  )

  attack(
    'of a group, answered for by names that are none',
    { by: 'member', holds: 'they are malformed: no reply has an address that is none' },
    async () => {
      const [asker, liar] = await pair()
      liar.respond('sixcast/groups/doors', ({ value }) => {
        const isPick = (value as Uint8Array)[0] === 6
        return isPick ? 'a//b' : writeReplied({ name: '*', codec: 1, payload: utf8('x') })
      })
      const doors = asker.group('doors')
      const invalid = code('INVALID_VALUE', /what no bus answers/)
      await expect(doors.ask('open', { timeout: 20_000 })).rejects.toEqual(invalid)
      const all = doors.askAll('open', { expect: 1, timeout: 20_000 })
      expect(await all.all()).toEqual([])
      expect((await all.report).failures).toEqual([])
      expect(asker.stats().malformed).toBe(2)
    },
  )

  attack(
    'told more than its mailbox takes, twenty thousand times',
    { by: 'member', holds: 'what waits is bounded, others are told MAILBOX_FULL, and it goes on' },
    async () => {
      const [victim, other, liar] = await three()
      const { behaviour, open, taken } = gate()
      victim.spawn('slow', behaviour, { initial: 0, mailbox: 100 })
      await liar.matched(ACTORS, { count: 1 })
      const before = memory()
      const tell = saying(victim, { kind: 'tell', name: 'slow', payload: new Uint8Array(500) })
      const COUNT = 20_000
      for (let i = 0; i < COUNT; i++) {
        if (i % 100 === 0) await liar.ready
        liar.publish(ACTORS, tell)
      }
      await until(() => victim.stats().mailboxFull === COUNT - 101)
      expect(memory() - before).toBeLessThan(96 * 1024 * 1024)
      const late = refusal(other.actor(`slow@${victim.id}`).ask('mine'))
      expect(await late).toEqual(code('MAILBOX_FULL', /"slow"/))
      const freed = setInterval(open, 1)
      await until(() => taken.length === 101)
      const mine = await other.actor(`slow@${victim.id}`).ask('mine')
      clearInterval(freed)
      expect(mine).toBe('mine')
    },
  )

  attack(
    'asked by messages that are no questions, five hundred at once',
    { by: 'member', holds: 'they hold nobody up: what has come together is waited for once' },
    async () => {
      const [victim, liar] = await pair()
      let [timers, told] = [0, 0]
      const after: ActorsHost['after'] = (ms, then) => {
        timers += 1
        const timer = setTimeout(then, ms)
        return () => clearTimeout(timer)
      }
      const host = { bus: victim, after, count: () => undefined }
      const listener = { concerns: () => true, told: () => void (told += 1) }
      // What an inbox needs of its host and of those that it tells.
      const inbox = new Inbox(host as unknown as ActorsHost, 'x/actors', {
        ...listener,
        asked: async () => undefined,
        inquired: () => undefined,
      })
      await liar.matched('x/actors')
      for (let i = 0; i < 500; i++)
        liar.publish('x/actors', saying(victim, { kind: 'ask', name: 'a' }))
      liar.publish('x/actors', saying(victim, { kind: 'tell', name: 'a' }))
      await until(() => told === 1)
      expect(timers).toBeLessThan(50)
      inbox.close()
    },
  )

  attack(
    'by names that are none, are endless, or mean something elsewhere',
    {
      by: 'member',
      holds: 'they are counted and dropped, nothing is kept of them, and it goes on',
    },
    async () => {
      const [victim, liar] = await pair()
      const heard: unknown[] = []
      victim.spawn('keeper', keeper(heard), { initial: null })
      await liar.matched(ACTORS)
      const names = ['', '/', 'a//b', '*', '**', '{x}', 'keeper@', `keeper@${victim.id}`, '@']
      names.push('__proto__', 'constructor', 'toString', '\u0000', '\u001b[2J', 'x'.repeat(255))
      const { mailLost } = victim.stats()
      for (const name of names) liar.publish(ACTORS, saying(victim, { kind: 'tell', name }))
      await until(() => victim.stats().mailLost === mailLost + names.length)
      const { malformed } = victim.stats()
      const long = saying(victim, { kind: 'tell', name: 'x'.repeat(256) })
      const broken = saying(victim, { kind: 'tell', name: 'xx' })
      broken.fill(0xff, 11, 13)
      const absurd = [long, broken, Uint8Array.of(99), new Uint8Array(0), 'text', { kind: 'tell' }]
      for (const value of absurd) liar.publish(ACTORS, value)
      await until(() => victim.stats().malformed === malformed + absurd.length)
      for (const kind of ['ask', 'watch', 'find', 'ended'] as const) {
        for (const name of names) {
          await liar.gather(ACTORS, saying(victim, { kind, name }), { timeout: 20_000 }).report
        }
      }
      expect(heard).toEqual([])
      expect(Object.getPrototypeOf({})).toBe(Object.prototype)
      expect(await liar.actor(`keeper@${victim.id}`).ask('still there')).toBe(1)
    },
  )

  attack(
    'watched by a member until there is no room',
    {
      by: 'member',
      holds: 'one that is watched twice counts once, others are BUSY, none is no watch',
    },
    async () => {
      const join = network()
      const [victim, liar] = [await join({ limits: { watches: 3 } }), await join()]
      await acquainted(victim, liar)
      for (let i = 0; i < 5; i++) victim.spawn(`a${i}`, counter, { initial: 0 })
      const watch = async (name: string): Promise<unknown> => {
        const said = saying(victim, { kind: 'watch', name })
        const asked = liar.request(ACTORS, said, { to: victim.id, timeout: 20_000 })
        return asked.then(
          ({ value }) => [...(value as Uint8Array)],
          (error: { code: string }) => error.code,
        )
      }
      for (let i = 0; i < 300; i++) expect(await watch(`none${i}`)).toEqual([0])
      for (const name of ['a0', 'a0', 'a1', 'a1', 'a2', 'a2'])
        expect(await watch(name)).toEqual([1])
      expect([await watch('a3'), await watch('a4')]).toEqual(['BUSY', 'BUSY'])
      expect(victim.stats().watchesFull).toBe(2)
    },
  )

  attack(
    'told by a member without the right to',
    { by: 'member', holds: 'what it publishes there is not taken, by nobody' },
    () => {
      const gate = new Gate()
      const member = gate.stranger()
      const grant = grantOn(member.sender.identity, { publish: ['plant/**'] })
      gate.greet(member, rightsBytes(gate.id, { grant, sign: signs(owner) }))
      const topics = ['plant/door', ACTORS, 'sixcast/groups/doors']
      gate.announce(member, topics).wait(100)
      const taken = topics.filter((_, i) => {
        const before = gate.target.delivered
        for (const ask of topics.keys()) gate.send(member.control(started(gate, i + 1, ask + 1)))
        gate.send(member.data(i + 1, 1, { flags: 0, body: body(0) })).wait(20)
        return gate.target.delivered > before
      })
      expect(taken).toEqual(['plant/door'])
    },
  )
})
