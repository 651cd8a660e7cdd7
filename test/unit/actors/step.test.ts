/** The steps that behaviours give: what may be in them, and who is told of an error. */
import { describe, expect, it } from 'vitest'
import type { Step } from '../../../bus/api/actor-options.ts'
import { BusError } from '../../../bus/api/errors.ts'
import { code } from '../api/asking.ts'
import { event, network, pair } from '../api/company.ts'

describe('a step', () => {
  it('is refused at once when it is wrong, with what would be right', async () => {
    const bus = await network()()
    const steps: Record<string, unknown> = {
      become: { state: 0, become: 5 },
      error: { state: 0, error: new Error('plain') },
      text: { state: 0, error: 'plain' },
      stop: { state: 0, stop: 1 },
      slip: { state: 0, repl: 2 },
      right: { state: 0, reply: 'yes', become: undefined, error: undefined },
    }
    const behaviour = (_: number, which: string) => steps[which] as Step<string, number, unknown>
    const actor = bus.spawn('odd', behaviour, { initial: 0, restarts: 9, backoff: 0 })
    for (const [which, text] of [
      ['become', /"become" is 5: a behaviour/],
      ['error', /"error" is .*: a BusError/],
      ['text', /"error" is .*: a BusError/],
      ['stop', /"stop" is 1: true or false/],
      [
        'slip',
        /in the step of actor "odd" option "repl" is unknown to a step: did you mean "reply"\?/,
      ],
    ] as const) {
      const told = event(bus, 'error')
      await expect(actor.ask(which)).rejects.toEqual(code('REMOTE', text))
      expect((await told).error).toEqual(code('INVALID_OPTION', text))
    }
    expect(await actor.ask('right')).toBe('yes')
  })

  it('tells its bus of an error that nobody else learns, once', async () => {
    const [here, there] = await pair()
    const slow = new BusError('TIMEOUT', 'the sensor is slow')
    const behaviour = (state: number) => ({ state, error: slow })
    const actor = here.spawn('slow', behaviour, { initial: 0 })
    const errors: unknown[] = []
    void (async () => {
      for await (const one of here.events()) if (one.type === 'error') errors.push(one.error)
    })()
    const far = there.actor(actor.address)
    await expect(far.ask(1)).rejects.toEqual(code('REMOTE', /the sensor is slow/))
    await expect(actor.ask(1)).rejects.toEqual(code('REMOTE', /the sensor is slow/))
    await here.flush()
    expect(errors).toEqual([slow, slow])
    expect(here.stats().actorsFailed).toBe(0)
  })
})
