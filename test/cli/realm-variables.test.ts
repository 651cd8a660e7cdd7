/** Variables in a realm with an owner: who may offer them and set them, as invitations say. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Home, objectsOf, type Run } from './command.ts'

const [owner, pump, panel] = [new Home(), new Home(), new Home()]
const on = { env: { SIXCAST_REALM: 'works', SIXCAST_PORT: owner.port } }
afterAll(() => {
  for (const host of [owner, pump, panel]) host[Symbol.dispose]()
})

beforeAll(async () => {
  await owner.run(['init', 'works', '--port', owner.port])
  await invited(pump, '--as', 'pump', '--expose', 'pump/**')
  const desk = ['--write', 'pump/limit', '--expose', 'panel/**', '--subscribe', 'panel/**']
  await invited(panel, '--as', 'panel', '--guest', ...desk)
})

async function invited(host: Home, ...words: readonly string[]): Promise<void> {
  const { out: invitation, err } = await owner.run(['invite', ...words], on)
  expect(err).toBe('')
  expect((await host.run(['join', '-'], { input: invitation })).code).toBe(0)
}

/** Starts `expose` and waits until it answers. */
async function exposes(host: Home, ...words: readonly string[]): Promise<Run> {
  const run = host.start(['expose', ...words], { env: { ...on.env, SIXCAST_LOG_LEVEL: 'info' } })
  await run.says(/exposing/, 'err')
  return run
}

describe('variables in a realm with an owner', () => {
  it('are offered by who was invited to, and by the owner', async () => {
    await exposes(pump, 'pump/load=3')
    await exposes(owner, 'site=north')
    const { code, out } = await owner.run(['get', '**', '--timeout', '30', '--json'], on)
    expect(code).toBe(0)
    const readings = objectsOf(out).filter(({ type }) => type === 'reading')
    const found = readings.map(({ name, value }) => [name, value])
    expect(Object.fromEntries(found)).toEqual({ 'pump/load': '3', site: 'north' })
  })

  it('are refused under names beyond the rights', async () => {
    const { code, err } = await pump.run(['expose', 'site=mine'], on)
    expect([code, err]).toEqual([1, expect.stringMatching(/DENIED.*expose|expose.*"site"/)])
  })

  it('are set by who was invited to, also with the keys of a guest', async () => {
    await exposes(pump, 'pump/limit=10', 'pump/mode=auto', '--writable')
    const set = (...words: string[]) => panel.run(['set', '--timeout', '30', ...words], on)
    expect(await set('pump/limit', '12')).toMatchObject({ code: 0, err: '' })
    const read = await owner.run(['get', 'pump/limit', '--timeout', '30'], on)
    expect(read.out).toMatch(/ pump\/limit 12\n$/)
    const refused = await set('pump/mode', 'manual')
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/write/)])
  })

  it('and who may do what is listed and explained', async () => {
    const { out } = await owner.run(['members', '--json'], on)
    const everything = { publish: ['**'], subscribe: ['**'], expose: ['**'], write: ['**'] }
    const asked = ['sixcast/variables/**']
    expect(objectsOf(out)).toEqual([
      expect.objectContaining({ name: 'owner', ...everything }),
      expect.objectContaining({
        name: 'pump',
        publish: [],
        subscribe: asked,
        expose: ['pump/**'],
        write: [],
      }),
      expect.objectContaining({
        name: 'panel',
        publish: asked,
        subscribe: [...asked, 'panel/**'],
        expose: ['panel/**'],
        write: ['pump/limit'],
      }),
    ])
    const table = (await owner.run(['members'], on)).out
    expect(table).toMatch(/^NAME +IDENTITY +PUBLISH +SUBSCRIBE +EXPOSE +WRITE +UNTIL/)
    const why = await owner.run(['acl', 'test', 'panel', 'write', 'pump/mode'], on)
    expect([why.code, why.out]).toEqual([1, expect.stringMatching(/^denied: /)])
  })
})
