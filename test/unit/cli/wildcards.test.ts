/** Patterns as MQTT and NATS have them: what is said of them. */
import { expect, it } from 'vitest'
import { foreignWildcard } from '../../../bus/cli/wildcards.ts'

const said = (text: string): string | undefined => foreignWildcard({ text })

it('names what is written here for everything below, and for any one segment', () => {
  for (const text of ['#', 'home/#', 'home/>', 'home.>']) expect(said(text)).toMatch(/write "\*\*"/)
  for (const text of ['+', 'home/+/light']) expect(said(text)).toMatch(/write "\*"/)
})

it('says nothing of what only has such a sign in a word', () => {
  for (const text of ['home/**', 'c#/a', 'a+b', '1>2/x', '{name}/x']) {
    expect(said(text)).toBeUndefined()
  }
})
