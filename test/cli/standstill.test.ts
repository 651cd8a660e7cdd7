/** Questions of a process that stands still right behind them: who is here has answered meanwhile. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect } from '../../bus/index.ts'
import { Home } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

const options = { realm: 'still', open: true, port: Number(home.port) } as const

beforeAll(async () => {
  const env = { SIXCAST_REALM: 'still', SIXCAST_OPEN: 'true', SIXCAST_LOG_LEVEL: 'info' }
  const echo = home.start(['reply', 'echo', '--echo'], { env })
  await echo.says(/responding/, 'err')
  const load = home.start(['expose', 'load=7'], { env })
  await load.says(/exposing/, 'err')
})

it.each([0, 5])('finds who answers, also where that begins %i ms after it came', async (waitMs) => {
  await using bus = await connect(options)
  await new Promise((resolve) => setTimeout(resolve, waitMs))
  const answer = bus.request('echo', 'hello', { timeout: 20_000 })
  standStill(400)
  expect((await answer).value).toBe('hello')
  const anew = await connect(options)
  const { report } = anew.fetch('load', { timeout: 20_000 })
  standStill(400)
  const { outcomes } = await report
  expect(outcomes.map(({ type }) => type)).toEqual(['answered'])
  await anew.close()
})

function standStill(ms: number): void {
  const end = Date.now() + ms
  while (Date.now() < end);
}
