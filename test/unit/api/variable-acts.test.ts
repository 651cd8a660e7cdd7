/** What conditions do: how many acts at the same time, and what ends them. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Bus } from '../../../bus/api/options.ts'
import type { WhenOptions, WhenStep } from '../../../bus/api/when-options.ts'
import { code } from './asking.ts'
import { pair } from './company.ts'

const isHigh = (value: number): boolean => value > 8

describe('acts', () => {
  it('are so many at the same time, and what is over is left out', async () => {
    const [desk, owner] = await pair()
    const loads = [1, 2, 3].map((i) => owner.expose(`load/${i}`, 9))
    const begun: string[] = []
    const waiting: (() => void)[] = []
    const act = ({ name }: { name: string }): Promise<void> => {
      begun.push(name)
      return new Promise((resolve) => waiting.push(resolve))
    }
    const passed: (string | undefined)[] = []
    const told = ({ type, name }: WhenStep<number>): void => {
      if (type === 'over' || type === 'gone') throw new Error(`${name} has not been acted upon`)
      if (type === 'passed') passed.push(name)
    }
    const failed: unknown[] = []
    void (async () => {
      for await (const one of desk.events()) if (one.type === 'error') failed.push(one.error)
    })()
    const condition = desk.when('load/*', isHigh, act, { concurrency: 1, told })
    while (begun.length === 0 || condition.holding < 3) await turn()
    const [left, lost] = loads.filter(({ name }) => name !== begun[0])
    left!.set(1)
    while (passed.length === 0) await turn()
    expect([passed, condition.working]).toEqual([[left!.name], 1])
    waiting[0]!()
    while (begun.length < 2) await turn()
    expect(begun).toEqual([begun[0], lost!.name])
    left!.set(9)
    while (condition.holding < 3) await turn()
    await left!.close()
    while (passed.length === 1) await turn()
    const closing = condition.close()
    expect(await Promise.race([closing.then(() => 'closed'), turn('at work')])).toBe('at work')
    waiting[1]!()
    await closing
    expect([begun.length, condition.working, failed]).toEqual([2, 0, []])
  })

  it('are over once each, however often the value turns meanwhile', async () => {
    const [desk, owner] = await pair()
    const load = owner.expose('load', 9)
    let end = (): void => undefined
    const steps: string[] = []
    const act = (): Promise<void> => new Promise((resolve) => (end = resolve))
    const told = ({ type }: WhenStep<number>): void => void steps.push(type)
    const condition = desk.when('load', isHigh, act, { told })
    while (steps.length < 1) await turn()
    for (let i = 1; i <= 3; i++) {
      load.set(1)
      while (steps.length < i + 1) await turn()
      load.set(9)
      while (condition.holding < 1) await turn()
    }
    load.set(1)
    while (condition.holding > 0) await turn()
    end()
    while (!steps.includes('acted')) await turn()
    expect(steps).toEqual(['acts', 'over', 'passed', 'passed', 'passed', 'acted'])
    await condition.close()
  })

  it('of the same variable come one after the other', async () => {
    const [desk, owner] = await pair()
    const load = owner.expose('load', 9)
    const done: (() => void)[] = []
    const overs: unknown[] = []
    const act = (): Promise<void> => new Promise((resolve) => done.push(resolve))
    const told = ({ type, value }: WhenStep<number>): void => {
      if (type === 'over') overs.push(value)
    }
    const condition = desk.when('load', isHigh, act, { told })
    while (done.length < 1) await turn()
    load.set(1)
    while (overs.length < 1) await turn()
    load.set(10)
    while (condition.holding < 1) await turn()
    expect([done.length, condition.working]).toEqual([1, 1])
    done[0]!()
    while (done.length < 2) await turn()
    done[1]!()
    await condition.close()
  })
})

describe('the end', () => {
  const begin = async (desk: Bus, owner: Bus, options: WhenOptions<number> = {}) => {
    owner.expose('load', 9)
    let signal: AbortSignal | undefined
    const act = (occasion: { signal: AbortSignal }): Promise<void> => {
      signal = occasion.signal
      return new Promise(() => undefined)
    }
    const condition = desk.when('load', isHigh, act, options)
    while (!signal) await turn()
    return { condition, signal }
  }

  it('comes with the signal, which what is at work sees', async () => {
    const [desk, owner] = await pair()
    const control = new AbortController()
    const { condition, signal } = await begin(desk, owner, { signal: control.signal })
    const reason = new Error('enough')
    control.abort(reason)
    await expect(condition.ended).rejects.toBe(reason)
    expect(signal.reason).toBe(reason)
    expect(() => desk.when('load', isHigh, () => undefined, { signal: control.signal })).toThrow(
      reason,
    )
  })

  it('comes with the end of the bus', async () => {
    const [desk, owner] = await pair()
    const { condition, signal } = await begin(desk, owner)
    await desk.close({ linger: 0 })
    await expect(condition.ended).rejects.toEqual(code('CLOSED'))
    expect(signal.aborted).toBe(true)
  })
})
