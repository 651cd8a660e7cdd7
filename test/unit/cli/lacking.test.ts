/** What `pub` says of receivers that lack messages. */
import { describe, expect, it } from 'vitest'
import { lackingLines } from '../../../bus/cli/lacking.ts'
import type { PeerInfo } from '../../../bus/index.ts'

// An identifier is branded text.
const peer = (name: string): PeerInfo =>
  ({ id: '00000000000000ab', name, identity: '', tags: {}, since: 0 }) as unknown as PeerInfo

describe('receivers that lack messages', () => {
  it('are nobody: then there is nothing to say', () => {
    expect(lackingLines({ unconfirmed: [], incomplete: [] }, false)).toEqual([])
  })

  it('are named, with what they have lost', () => {
    const incomplete = [
      { peer: peer('beta\u001b[2J'), lost: 3 },
      { peer: peer('gamma'), lost: 12 },
    ]
    expect(lackingLines({ unconfirmed: [peer('alpha')], incomplete }, false)).toEqual([
      'sixcast: not confirmed within the linger time by alpha (00000000000000ab)\n',
      'sixcast: messages lost on the way to beta\\x1b[2J (00000000000000ab): 3, ' +
        'gamma (00000000000000ab): 12\n',
    ])
  })

  it('are all those of an epoch that this member has no key of', () => {
    const report = { unconfirmed: [], incomplete: [], behind: 3 }
    expect(lackingLines(report, false)).toEqual([
      expect.stringMatching(
        /^sixcast: not heard by others, who are in epoch 3 .*keys adopt FILE\n$/,
      ),
    ])
    expect(lackingLines(report, true)).toEqual(['{"type":"behind","epoch":3}\n'])
  })

  it('are objects for programs', () => {
    const incomplete = [{ peer: peer('beta'), lost: 3 }]
    const [line] = lackingLines({ unconfirmed: [], incomplete }, true)
    expect(JSON.parse(line!)).toEqual({
      type: 'incomplete',
      peers: [{ id: '00000000000000ab', name: 'beta', lost: 3 }],
    })
  })
})
