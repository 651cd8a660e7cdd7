/** The queue of a Librecast channel: its bounds, its overflow policies and its end. */
import { describe, expect, it } from 'vitest'
import type { Overflow } from '../../../bus/api/options.ts'
import { Inbox } from '../../../bus/librecast/inbox.ts'

describe('Inbox', () => {
  it('hands a message to the reader that waits', async () => {
    const inbox = inboxWith('drop-oldest')
    const next = inbox.next()
    inbox.push({ text: 'a' }, 1)
    expect(await next).toEqual({ done: false, value: { text: 'a' } })
  })

  it.each([
    ['drop-oldest', ['b', 'c', 'd'], 1],
    ['drop-newest', ['a', 'b', 'c'], 1],
    ['latest', ['d'], 3],
  ] as const)('keeps by %s what the name says', async (overflow, kept, dropped) => {
    const inbox = inboxWith(overflow)
    for (const text of ['a', 'b', 'c']) expect(inbox.push({ text }, 1)).toBe(true)
    expect(inbox.dropped).toBe(0)
    expect(inbox.push({ text: 'd' }, 1)).toBe(true)
    expect(inbox.dropped).toBe(dropped)
    inbox.end()
    expect(await drain(inbox)).toEqual(kept)
  })

  it('says when there is no room and the policy is to fail', () => {
    const inbox = inboxWith('fail')
    for (const text of ['a', 'b', 'c']) expect(inbox.push({ text }, 1)).toBe(true)
    expect(inbox.push({ text: 'd' }, 1)).toBe(false)
    expect(inbox.dropped).toBe(1)
  })

  it('is full at its bytes too, and drops as many as a large message needs', async () => {
    const inbox = inboxWith('drop-oldest')
    inbox.push({ text: 'a' }, 4)
    inbox.push({ text: 'b' }, 6)
    expect(inbox.dropped).toBe(0)
    inbox.push({ text: 'c' }, 1)
    expect(inbox.dropped).toBe(1)
    inbox.push({ text: 'd' }, 10)
    expect(inbox.dropped).toBe(3)
    inbox.push({ text: 'e' }, 11)
    expect(inbox.dropped).toBe(5)
    inbox.end()
    expect(await drain(inbox)).toEqual([])
  })

  it('is read to its end before the failure shows, which it does once', async () => {
    const inbox = inboxWith('drop-oldest')
    inbox.push({ text: 'a' }, 1)
    inbox.end(new Error('gone'))
    inbox.push({ text: 'b' }, 1)
    expect(await inbox.next()).toEqual({ done: false, value: { text: 'a' } })
    await expect(inbox.next()).rejects.toThrow('gone')
    expect(await inbox.next()).toEqual({ done: true, value: undefined })
  })

  it('ends every reader that waits', async () => {
    const inbox = inboxWith('drop-oldest')
    const readers = [inbox.next(), inbox.next()]
    inbox.end()
    expect(await Promise.all(readers)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
  })
})

function inboxWith(overflow: Overflow): Inbox<Item> {
  return new Inbox({ messages: 3, size: 10, overflow })
}

async function drain(inbox: Inbox<Item>): Promise<string[]> {
  const items: string[] = []
  for (let next = await inbox.next(); !next.done; next = await inbox.next())
    items.push(next.value.text)
  return items
}

interface Item {
  readonly text: string
}
