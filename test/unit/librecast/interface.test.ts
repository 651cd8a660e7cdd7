/** The choice of an interface, which never falls back on one that was not meant. */
import { describe, expect, it } from 'vitest'
import { findInterface, type InterfaceTable } from '../../../bus/librecast/interface.ts'

const lo = [{ family: 'IPv6', internal: true, scopeid: 0 }]
const wired = [
  { family: 'IPv4', internal: false },
  { family: 'IPv6', internal: false, scopeid: 0 },
  { family: 'IPv6', internal: false, scopeid: 3 },
]

describe('findInterface', () => {
  it('takes the only interface that leads out', () => {
    expect(findInterface(undefined, { lo, eth0: wired })).toEqual(zone('eth0', 3))
  })

  it('takes the interface that is named', () => {
    expect(findInterface('eth1', { lo, eth0: wired, eth1: wired })).toEqual(zone('eth1', 3))
    expect(findInterface('lo', { lo, eth0: wired })).toEqual(zone('lo', 0))
  })

  it('refuses a name that does not exist and lists those that do', () => {
    expect(() => findInterface('eth7', { lo, eth0: wired })).toThrow(
      expect.objectContaining({
        code: 'NO_INTERFACE',
        message: expect.stringMatching(/'eth7' does not exist.*use one of lo, eth0/),
      }),
    )
  })

  it('refuses an interface without an IPv6 address', () => {
    const table: InterfaceTable = { old0: [{ family: 'IPv4', internal: false }] }
    expect(() => findInterface('old0', table)).toThrow(/use one of none/)
    expect(() => findInterface(undefined, table)).toThrow(/no interface has an IPv6 address/)
  })

  it('refuses to choose between several', () => {
    expect(() => findInterface(undefined, { lo, eth0: wired, eth1: wired })).toThrow(
      /several interfaces \(eth0, eth1\): choose one by 'interface'/,
    )
  })

  it('is not misled by names that objects have anyway', () => {
    expect(() => findInterface('constructor', { lo })).toThrow(/'constructor' does not exist/)
  })
})

function zone(name: string, index: number): { name: string; zone: string } {
  return { name, zone: `::%${process.platform === 'win32' ? index : name}` }
}
