/** Addresses of named peers, as people write them. */
import { describe, expect, it } from 'vitest'
import { parsePeerAddress } from '../../../bus/api/peer-address.ts'

describe('the address of a peer', () => {
  it.each([
    ['[2001:db8::1]:18666', { type: 'literal', address: '2001:db8::1', port: 18_666 }],
    ['[2001:DB8:0:0::1]:1', { type: 'literal', address: '2001:db8::1', port: 1 }],
    ['[fe80::1%eth0]:65535', { type: 'literal', address: 'fe80::1%eth0', port: 65_535 }],
    ['localhost:80', { type: 'host', name: 'localhost', port: 80 }],
    ['a-b.example.org.:80', { type: 'host', name: 'a-b.example.org.', port: 80 }],
    ['srv:_sixcast._udp.example.org', { type: 'service', name: '_sixcast._udp.example.org' }],
  ])('is read: %s', (text, address) => {
    expect(parsePeerAddress(text)).toEqual(address)
  })

  it.each([
    '',
    'host',
    'host:',
    'host:0',
    'host:65536',
    'host:1x',
    ':80',
    '2001:db8::1',
    '[2001:db8::1]',
    '[2001:db8::1]:0',
    '[2001:db8::g]:1',
    '[1.2.3.4]:1',
    '192.0.2.1:80',
    '[ff12::1]:80',
    '[::]:80',
    'srv:',
    'srv:a b',
    'a b:80',
    '-a:80',
    `${'a'.repeat(254)}:80`,
    'ws://host:80',
  ])('is none: %j', (text) => {
    expect(parsePeerAddress(text)).toBeUndefined()
  })
})
