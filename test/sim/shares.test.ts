/** Shared topics under faults: each message is done by one of each group. */
import { describe, expect, it } from 'vitest'
import { Shop, type Trade } from './shop.ts'

const SEEDS = Number(process.env['SHARES_SEEDS'] ?? 3)
const FIRST = Number(process.env['SHARES_FIRST'] ?? 1)
const seeds = Array.from({ length: SEEDS }, (_, place) => FIRST + place)
const trials: Trade[] = [true, false].flatMap((faults) =>
  [0, 0.05, 0.2].flatMap((loss) =>
    seeds.map((seed) => ({ seed, loss, messages: 120, again: seed % 4 !== 0, faults })),
  ),
)

describe.each(trials)('at a loss of $loss, faults $faults, again $again, seed $seed', (trade) => {
  it('each message is done by one of each group, or again where that one had gone', async () => {
    const shop = new Shop(trade)
    await shop.run()
    shop.check()
    const quiet = !trade.faults && trade.loss === 0
    expect(quiet ? shop.repeated : 0).toBe(0)
    await shop.net.close()
  })
})
