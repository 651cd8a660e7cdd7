/** What serves others until it is interrupted ends when the realm's owner has removed its member. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Home, type Run } from './command.ts'

const [owner, member] = [new Home(), new Home()]
const on = { env: { SIXCAST_REALM: 'plant', SIXCAST_PORT: owner.port, SIXCAST_LOG_LEVEL: 'info' } }
afterAll(() => {
  for (const host of [owner, member]) host[Symbol.dispose]()
})

const LINES = ['reply ping --echo', 'expose limit=3', 'agent']
let runs: readonly Run[]

beforeAll(async () => {
  await owner.run(['init', 'plant', '--port', owner.port])
  const { out } = await owner.run(['invite', '--as', 'pump'], on)
  await member.run(['join', '-'], { input: out })
  runs = LINES.map((line) => member.start(line.split(' '), on))
  await Promise.all(runs.map((run) => run.says(/responding|exposing|serving/, 'err')))
  await owner.run(['revoke', 'pump', '--stay', '5'], on)
})

describe('of a member that was removed', () => {
  it.each(LINES.map((line, n) => [line, n] as const))('%s ends by an error', async (_, n) => {
    const { code, err } = await runs[n]!.ended
    expect([code, err]).toEqual([1, expect.stringMatching(/^sixcast: the owner .* has removed/m)])
  })
})
