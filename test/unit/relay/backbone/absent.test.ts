/** A relay that is to meet others by NATS, where the package of its client is not installed. */
import { expect, it, vi } from 'vitest'
import { serve } from '../../../../relay/index.ts'
import { key, realm } from '../world.ts'

vi.mock('@nats-io/transport-node', () => {
  throw new Error('there is none')
})

it('does not start, and says what to install', async () => {
  const options = { realm, key, listen: '[::1]:0', multicast: false, nats: 'nats://[::1]:4222' }
  await expect(serve(options)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message:
      'option "nats" needs the package @nats-io/transport-node, which is missing: ' +
      'install it beside sixcast: npm install @nats-io/transport-node',
  })
})
