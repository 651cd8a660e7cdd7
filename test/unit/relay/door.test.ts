/** What is left of a relay that is given up while it starts: nothing. */
import { expect, it } from 'vitest'
import { Counters } from '../../../relay/counters.ts'
import { Door } from '../../../relay/door.ts'
import { crypto } from '../core/crypto.ts'
import { settleRelay } from '../../../relay/options.ts'

it('a door that is closed while it opens listens to nobody', async () => {
  const settings = await settleRelay(crypto, { open: true, listen: '[::1]:0' })
  const nobody = (): undefined => undefined
  const door = new Door({
    settings,
    counters: new Counters(),
    unready: nobody,
    full: nobody,
    refused: nobody,
    metrics: () => '',
    dashboard: () => false,
    link: nobody,
    trunk: nobody,
  })
  const opening = door.open()
  await door.close()
  await opening
  expect(door.url).toBeUndefined()
})
