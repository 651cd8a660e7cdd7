/** The choice of interfaces, on machines that exist only here. */
import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, test } from 'vitest'
import {
  chooseInterfaces,
  isCurrent,
  listInterfaces,
  requireInterfaces,
  type InterfaceSource,
  type InterfaceWish,
} from '../../../bus/io/interfaces.ts'

describe('the list', () => {
  test('has every interface with an IPv6 address, lowest number first', () => {
    const all = listInterfaces(machine({ lo: {}, wlan0: { index: 7 }, eth0: { index: 2 } }))
    expect(all.map(({ name, index }) => [name, index])).toEqual([
      ['lo', 1],
      ['eth0', 2],
      ['wlan0', 7],
    ])
  })

  test('leaves out what has IPv4 only', () => {
    expect(listInterfaces(machine({ eth0: { addresses: [] } }))).toEqual([])
  })

  test('shows addresses as datagrams do', () => {
    const [eth0] = listInterfaces(machine({ eth0: { addresses: ['fe80::2', 'fd00::2'] } }))
    expect(eth0?.addresses).toEqual(['fe80::2%eth0', 'fd00::2'])
    expect(eth0?.zone).toBe('eth0')
  })

  test('takes the number of an interface without a link-local address from the kernel', () => {
    const [wg0] = listInterfaces(machine({ wg0: { index: 9, addresses: ['fd00::9'] } }))
    expect(wg0).toMatchObject({ index: 9, linkLocal: false })
  })

  test('assumes multicast where the kernel does not tell', () => {
    const source = machine({ en0: { index: 4 } })
    const [en0] = listInterfaces({ ...source, attribute: () => undefined })
    expect(en0).toMatchObject({ index: 4, multicast: true })
  })
})

describe('by default', () => {
  const source = machine({
    lo: {},
    eth1: { index: 3 },
    eth0: { index: 2 },
    tun0: { index: 4, addresses: ['fd00::4'] },
    odd0: { index: 5, multicast: false },
  })

  test('a wide scope uses every interface with multicast and a link-local address', () => {
    expect(choice(source, { scope: 'link' })).toEqual(['eth0', 'eth1'])
    expect(choice(source, { scope: 'global' })).toEqual(['eth0', 'eth1'])
  })

  test('scope host uses the loopback interface where it carries multicast', () => {
    expect(choice(source, { scope: 'host', carries: () => true })).toEqual(['lo'])
  })

  test('scope host uses the lowest-numbered other interface where it does not', () => {
    expect(choice(source, { scope: 'host' })).toEqual(['eth0'])
  })

  test('nothing usable is an empty choice, not an error', () => {
    expect(choice(machine({}), { scope: 'link' })).toEqual([])
    expect(choice(machine({}), { scope: 'host' })).toEqual([])
  })
})

describe('names', () => {
  const source = machine({
    lo: {},
    eth0: { index: 2 },
    eth1: { index: 3 },
    'br-a.b': { index: 4 },
    odd0: { index: 5, multicast: false },
    tun0: { index: 6, addresses: ['fd00::4'] },
  })

  test('and globs choose what they match, and each once', () => {
    const names = ['eth*', 'eth1', 'tun?']
    expect(choice(source, { scope: 'link', names })).toEqual(['eth0', 'eth1', 'tun0'])
  })

  test('are literal but for their stars and question marks', () => {
    expect(choice(source, { scope: 'link', names: ['br-a.b'] })).toEqual(['br-a.b'])
    expect(choice(source, { scope: 'link', names: ['br-a?b'] })).toEqual(['br-a.b'])
    expect(choice(source, { scope: 'link', names: ['eth.*', '*.a'] })).toEqual([])
  })

  test('still mean one interface at scope host', () => {
    expect(choice(source, { scope: 'host', names: ['eth*'] })).toEqual(['eth0'])
  })

  test.each([
    ['eth7', "interface 'eth7' does not exist, is down or has no IPv6"],
    ['odd0', "interface 'odd0' has no multicast"],
  ])('refuse %s with what there is', (name, words) => {
    const all = listInterfaces(source)
    const require = (): unknown => requireInterfaces(all, wish({ names: ['eth0', name] }))
    expect(require).toThrow(expect.objectContaining({ code: 'NO_INTERFACE' }))
    expect(require).toThrow(words)
    expect(require).toThrow('there is lo, eth0, eth1, br-a.b, odd0, tun0')
  })
})

describe('globs', () => {
  const all = listInterfaces(machine({ lo: {}, eth0: { index: 2 }, odd0: { multicast: false } }))
  const required = (...names: string[]): string[] =>
    requireInterfaces(all, wish({ names })).map(({ name }) => name)

  test('may stand for nothing as long as another name or glob stands for something', () => {
    expect(required('eth*', 'wlan*')).toEqual(['eth0'])
    expect(required('odd?', 'eth0')).toEqual(['eth0'])
  })

  test.each([
    [['wlan*', 'ens*'], "interface 'wlan*' does not exist"],
    [['odd*'], "interface 'odd*' has no multicast"],
    [['eth*', 'eth7'], "interface 'eth7' does not exist"],
  ])('excuse no list of nothing, and no name: %j', (names, words) => {
    expect(() => required(...names)).toThrow(words)
  })
})

describe('an interface is current', () => {
  const source = machine({ eth0: { index: 2 } })
  const [eth0] = listInterfaces(source)
  if (eth0 === undefined) throw new Error('no eth0')

  test('while its name has its number', () => {
    expect(isCurrent(eth0, source)).toBe(true)
    expect(isCurrent(eth0, machine({ eth0: { index: 3 } }))).toBe(false)
    expect(isCurrent(eth0, machine({}))).toBe(false)
  })

  test('also where only the addresses tell', () => {
    const blind = (other: InterfaceSource): InterfaceSource => ({
      ...other,
      attribute: () => undefined,
    })
    expect(isCurrent(eth0, blind(source))).toBe(true)
    expect(isCurrent(eth0, blind(machine({ eth0: { index: 3 } })))).toBe(false)
    expect(isCurrent(eth0, blind(machine({})))).toBe(false)
  })
})

interface Machine {
  readonly [name: string]: {
    readonly index?: number
    readonly addresses?: readonly string[]
    readonly multicast?: boolean
  }
}

function machine(interfaces: Machine): InterfaceSource {
  const indexOf = (name: string): number => interfaces[name]?.index ?? 1
  return {
    addresses: () =>
      Object.fromEntries(
        Object.entries(interfaces).map(([name, { addresses }]) => {
          const own = addresses ?? [name === 'lo' ? '::1' : `fe80::${indexOf(name)}`]
          return [name, [ipv4, ...own.map((address) => ipv6(address, name, indexOf(name)))]]
        }),
      ),
    attribute(name, attribute) {
      if (!(name in interfaces)) return undefined
      if (attribute === 'ifindex') return indexOf(name)
      return (interfaces[name]?.multicast ?? name !== 'lo') ? 0x1003 : 0x3
    },
  }
}

function ipv6(address: string, name: string, index: number): NetworkInterfaceInfo {
  return {
    address,
    family: 'IPv6',
    internal: name === 'lo',
    // As Node has it: only link-local addresses carry the number.
    scopeid: address.startsWith('fe80') ? index : 0,
    netmask: 'ffff:ffff:ffff:ffff::',
    mac: '00:00:00:00:00:00',
    cidr: `${address}/64`,
  }
}

const ipv4: NetworkInterfaceInfo = {
  address: '192.0.2.1',
  family: 'IPv4',
  internal: false,
  netmask: '255.255.255.0',
  mac: '00:00:00:00:00:00',
  cidr: '192.0.2.1/24',
}

function choice(source: InterfaceSource, wanted: Partial<InterfaceWish>): string[] {
  return chooseInterfaces(listInterfaces(source), wish(wanted)).map(({ name }) => name)
}

function wish(wanted: Partial<InterfaceWish>): InterfaceWish {
  return { scope: 'link', carries: () => false, ...wanted }
}
