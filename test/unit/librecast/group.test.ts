/** Vectors of the channel mapping, made with Librecast's own library. */
import { describe, expect, it } from 'vitest'
import { librecastGroup } from '../../../bus/librecast/group.ts'

describe('librecastGroup', () => {
  it.each([
    ['sixcast.test', 'ff1e:c39f:6a27:67ab:e834:5f0:b6c8:c08f'],
    ['example.com', 'ff1e:740d:6e6f:efbd:2c22:da0f:9126:91bf'],
    ['temperature.kitchen', 'ff1e:bff1:801d:516e:1b63:7d85:9ec6:a238'],
    ['küche', 'ff1e:9345:ee28:d027:54cc:e05a:7efe:3e95'],
  ])('maps %s with BLAKE3 by default', (channel, group) => {
    expect(librecastGroup(channel)).toBe(group)
    expect(librecastGroup(channel, 'blake3')).toBe(group)
  })

  it.each([
    ['sixcast.test', 'ff1e:fc40:3ce1:84b1:5ea9:2b29:48dd:8a9a'],
    ['example.com', 'ff1e:745:6641:3aa4:aea:5194:5202:464f'],
    ['temperature.kitchen', 'ff1e:fd5d:9e5b:61e:64ad:feee:4bab:7c0'],
  ])('maps %s with BLAKE2b on request', (channel, group) => {
    expect(librecastGroup(channel, 'blake2b')).toBe(group)
  })
})
