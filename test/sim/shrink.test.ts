/** A failing plan becomes small, still fails in the same way, and its line replays it. */
import { afterEach, expect, it } from 'vitest'
import { Kind } from '../../bus/core/wire/packet.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { parseOverrides } from './overrides.ts'
import { failureLine, runSeed } from './run.ts'
import { shrink } from './shrink.ts'
import { RULES } from './violation.ts'

/** Five processes on five hosts, with nine faults, none of which has to do with the bug below. */
const SEED = 3
const trueSeal = Reflect.get(Sealer.prototype, 'seal') as Sealer['seal']

afterEach(() => void Reflect.set(Sealer.prototype, 'seal', trueSeal))

/** A packet that was sealed as the tenth of its stream shows what it holds. */
function plant(): void {
  Sealer.prototype.seal = function (this: Sealer, ...given): Uint8Array {
    const [id, body] = given
    const packet = trueSeal.apply(this, given)
    if (id.kind === Kind.data && id.number === 10) packet.set(body, packet.length - body.length)
    return packet
  }
}

it('leaves out what a failure does not need, and replays what is left', () => {
  plant()
  const before = runSeed(SEED)
  const after = shrink(SEED, { runs: 200 })
  expect(after.violation?.rule).toBe(RULES.plaintext)
  expect(before.violation?.rule).toBe(RULES.plaintext)
  expect(after.overrides).toMatchObject({ faults: [], hosts: 1, processes: 2 })
  expect(after.overrides?.acts?.length).toBeLessThan(before.acts / 2)

  const [, text] = /--plan '(.*)'  \(/.exec(failureLine(after)) ?? []
  const overrides = parseOverrides(text ?? '')
  if (typeof overrides === 'string') throw new Error(overrides)
  expect(runSeed(SEED, { overrides })).toEqual(after)
})

it('has nothing to do with a seed that is clean', () => {
  expect(shrink(1, { runs: 10 }).violation).toBeUndefined()
})

it.each([
  ['{', 'not JSON'],
  ['[]', 'no JSON object'],
  ['{"hosts":-1}', '"hosts" is not a count'],
  ['{"faults":["rain"]}', '"faults" has an entry that is not known'],
  ['{"weather":1}', '"weather" is not known'],
])('refuses the plan %s', (text, fault) => {
  expect(parseOverrides(text)).toContain(fault)
})
