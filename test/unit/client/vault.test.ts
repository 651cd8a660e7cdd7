/** Where there is no browser, there is no vault, and the error says so. */
import { expect, it } from 'vitest'
import { openVault } from '../../../client/vault.ts'

it('Node has no vault', async () => {
  await expect(openVault()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})
