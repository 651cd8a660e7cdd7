/** What a page loads: bundled by its name, as users do. */
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { type Bundle, bundle } from '../browser/bundle.ts'

describe('the bundle of a page', () => {
  let page: Bundle
  beforeAll(async () => {
    page = await bundle("export { connect, topic } from 'sixcast'")
  })

  it('has nothing of Node, the relay, the command and files in it', () => {
    const own = page.modules.filter((id) => id.includes('/dist/'))
    expect(own.length).toBeGreaterThan(50)
    expect(own.filter((id) => /\/(relay|cli|librecast|native|testing|files)\//.test(id))).toEqual(
      [],
    )
    const packages = page.modules.map((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1])
    expect(new Set(packages.filter((name) => name !== undefined))).toEqual(
      new Set(['nanoid', 'tweetnacl']),
    )
    expect(page.code).not.toMatch(/\bfrom\s*["']|\brequire\(["']node:|process\.(env|geteuid)/)
  })

  it('is of a size that pages can bear', () => {
    // 135 kB; what it grew by and why is in decision 019. Half of it are the core.
    expect(gzipSync(page.code, { level: 9 }).length).toBeLessThan(138_000)
  })

  it('has the vault by itself, and only where it is wanted', async () => {
    const vault = await bundle("export { openVault } from 'sixcast/vault'")
    expect(gzipSync(vault.code, { level: 9 }).length).toBeLessThan(20_000)
    expect(page.code).not.toContain('indexedDB')
  })
})

describe('the door for browsers', () => {
  it('has the names and the types of that of Node', async () => {
    const [node, client] = await Promise.all([
      import('../../bus/index.ts'),
      import('../../client/index.ts'),
    ])
    expect(Object.keys(client).toSorted()).toEqual(Object.keys(node).toSorted())
    expectTypeOf(client).toEqualTypeOf(node)
  })
})
