/** Who somebody is in a realm: identities over several commands. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Home, objectsOf } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

describe('an identity', () => {
  it('is made once, shown, and the one that others see', async () => {
    const made = await home.run(['identity'])
    const [identity = ''] = made.out.split('\n')
    expect(identity).toMatch(/^[0-9a-f]{64}$/)
    const path = join(home.config, 'sixcast', 'identity')
    expect(made.out).toContain(`Made in ${path}.`)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await home.run(['identity'])).out).toBe(`${identity}\n`)

    const sub = await home.subscriber(['x'])
    const seen = await home.run(['peers', '--json'])
    const shown = await home.run(['peers', '--timeout', '0.5'])
    sub.kill('SIGTERM')
    await sub.ended
    expect(objectsOf(seen.out)[0]?.['identity']).toBe(identity)
    expect(shown.out).toContain(`${identity.slice(0, 16)}…`)
  })

  it('and a key come from variables, whose content is in no error', async () => {
    const other = join(home.config, 'other.identity')
    const made = await home.run(['identity', '--identity', other, '--json'])
    const [{ identity } = {}] = objectsOf(made.out)
    expect(made.out).toContain(`"made":true`)

    const wrong = { SIXCAST_IDENTITY: 'env:WHO', WHO: 'my-secret', SIXCAST_KEY: 'env:KEY' }
    const refused = await home.run(['peers', '--timeout', '0'], { env: { ...wrong, KEY: 'k-e-y' } })
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(/variable (KEY|WHO) holds no/)
    expect(refused.err).not.toMatch(/my-secret|k-e-y/)

    const { out: key } = await home.run(['keygen', '-'])
    const env = { SIXCAST_KEY: 'env:HALL', HALL: key, SIXCAST_IDENTITY: other }
    const sub = await home.subscriber(['x'], { env })
    const seen = await home.run(['peers', '--json'], { env })
    sub.kill('SIGTERM')
    await sub.ended
    expect(objectsOf(seen.out)[0]?.['identity']).toBe(identity)
  })
})
