/** The choice of a channel's interface, which never falls back on one that was not meant. */
import { describe, expect, it } from 'vitest'
import type { NetworkInterface } from '../../../bus/io/interfaces.ts'
import { findInterface } from '../../../bus/librecast/place.ts'

describe('findInterface', () => {
  it('takes the only interface that leads out', () => {
    expect(findInterface(undefined, [lo, eth0])).toBe(eth0)
  })

  it('takes the interface that is named, or the one that a glob means', () => {
    expect(findInterface('eth1', [lo, eth0, eth1])).toBe(eth1)
    expect(findInterface('lo', [lo, eth0])).toBe(lo)
    expect(findInterface('eth*', [lo, eth0])).toBe(eth0)
  })

  it('refuses a name that does not exist and lists those that do', () => {
    expect(() => findInterface('eth7', [lo, eth0])).toThrow(
      expect.objectContaining({
        code: 'NO_INTERFACE',
        message: expect.stringMatching(/'eth7' does not exist.*there is lo, eth0/),
      }),
    )
  })

  it('refuses when there is nothing to choose from', () => {
    expect(() => findInterface(undefined, [lo])).toThrow(
      expect.objectContaining({
        code: 'NO_INTERFACE',
        message: expect.stringContaining("name one by 'interface' (there is lo)"),
      }),
    )
  })

  it('refuses to choose between several', () => {
    for (const name of [undefined, 'eth?']) {
      expect(() => findInterface(name, [lo, eth0, eth1])).toThrow(
        expect.objectContaining({
          code: 'NO_INTERFACE',
          message: 'several interfaces (eth0, eth1): name one of them',
        }),
      )
    }
  })
})

const eth0 = made('eth0', 2)
const eth1 = made('eth1', 3)
const lo: NetworkInterface = { ...made('lo', 1), loopback: true, multicast: false }

function made(name: string, index: number): NetworkInterface {
  const addresses = [`fe80::${index}%${name}`]
  const able = { linkLocal: true, loopback: false, multicast: true }
  return { name, index, zone: name, addresses, ...able }
}
