/** Holds docs/api.md to the code: every public name is in it, and its code is that of the examples. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  CLOSE,
  CONNECT,
  GRANT,
  INVITE,
  JOIN,
  MATCHED,
  PUBLISH,
  RECEIVE_FILES,
  SEND_FILE,
  SUBSCRIBE,
} from '../../../bus/api/option-rules.ts'
import { GATHER, REQUEST, RESPOND } from '../../../bus/api/request-rules.ts'
import { ACTOR_COUNTER_NAMES } from '../../../bus/actors/counters.ts'
import { ASK, ASK_ALL, DELIVER, SPAWN } from '../../../bus/actors/rules.ts'
import { busLimits } from '../../../bus/api/limits.ts'
import { EXPOSE, FETCH, SET, SET_ALL, WATCH, WHEN } from '../../../bus/api/variables/rules.ts'
import { COUNTER_NAMES } from '../../../bus/core/metrics.ts'
import { CLOSINGS } from '../../../relay/closing.ts'
import { RELAY_COUNTER_NAMES } from '../../../relay/counters.ts'
import { defaultRelayLimits } from '../../../relay/limits.ts'
import { SERVE } from '../../../relay/options.ts'
import { readExamples } from '../../examples/program.ts'

const api = readFileSync('docs/api.md', 'utf8')
/** Names stand in code: `name`, 'name', name: or name( all count, a part of a word does not. */
const words = new Set(codeOf(api).match(/[A-Za-z_]\w*/g))

/** Where the public types are. */
const TYPES = [
  ...[
    'options',
    'publish-options',
    'file-options',
    'grant-options',
    'join-options',
    'epoch-options',
    'rotate-options',
    'request-options',
    'variable-calls',
    'variable-options',
    'when-options',
    'actor-options',
    'variables/aggregate',
    'gap',
    'message',
    'service',
    'terms',
  ].map((name) => `bus/api/${name}.ts`),
  'relay/types.ts',
  'client/vault.ts',
]
const RULES = {
  CONNECT,
  GRANT,
  INVITE,
  JOIN,
  PUBLISH,
  SUBSCRIBE,
  MATCHED,
  RESPOND,
  REQUEST,
  GATHER,
  EXPOSE,
  FETCH,
  SET,
  SET_ALL,
  WATCH,
  WHEN,
  SPAWN,
  DELIVER,
  ASK,
  ASK_ALL,
  CLOSE,
  SEND_FILE,
  RECEIVE_FILES,
  SERVE,
}

describe('docs/api.md', () => {
  it('names everything that the front door exports', () => {
    const files = ['bus/index.ts', 'client/index.ts', 'bus/public.ts', 'relay/index.ts', ...TYPES]
    const names = files.flatMap(exportedNames)
    expect(names).toContain('connect')
    expect(names).toContain('SubscribeOptions')
    expect(missing(names)).toEqual([])
  })

  it.each([
    'ConnectOptions',
    'SubscribeOptions',
    'PublishOptions',
    'MatchedOptions',
    'Message',
    'Gap',
    'Subscription',
    'PeerInfo',
    'Presence',
    'TopicInfo',
    'CloseOptions',
    'CloseReport',
    'Service',
    'Question',
    'RespondOptions',
    'Responder',
    'Reply',
    'RequestOptions',
    'GatherOptions',
    'Gathering',
    'GatherReport',
    'ExposeOptions',
    'Exposed',
    'Variable',
    'FetchOptions',
    'Reading',
    'VariableFailure',
    'FetchReport',
    'SetOptions',
    'SetAllOptions',
    'SetReport',
    'WatchOptions',
    'WhenOptions',
    'AggregateOptions',
    'Occasion',
    'AggregateOccasion',
    'Condition',
    'Fetching',
    'Step',
    'ActorContext',
    'SpawnOptions',
    'ActorEnd',
    'ActorGone',
    'DeliverOptions',
    'ActorRef',
    'Actor',
    'MemberReply',
    'MemberFailure',
    'AskAllReport',
    'AskingAll',
    'Group',
    'SendFileOptions',
    'SendProgress',
    'FileReceiver',
    'SendReport',
    'ReceiveFilesOptions',
    'ReceiveProgress',
    'ReceivedFile',
    'FileRefusal',
    'Receiving',
    'NewRealm',
    'GrantOptions',
    'InviteOptions',
    'JoinOptions',
    'OpenInvitation',
    'Newcomer',
    'RefusedNewcomer',
    'Joined',
    'Bus',
    'RelayOptions',
    'Relay',
    'RelayStats',
    'Reloaded',
    'LinkInfo',
    'Vault',
    'Kept',
    'Keeping',
  ])('names every member of %s', (type) => {
    expect(missing(membersOf(type))).toEqual([])
  })

  it.each(Object.entries(RULES))('names every bound of the options in %s', (_, rules) => {
    const bounds = Object.entries(rules).flatMap(([name, { bounds: numbers }]) =>
      numbers.map((number) => ({ name, number })),
    )
    const lines = api.split('\n').filter((line) => line.includes('`'))
    const absent = bounds.filter(({ name, number }) => {
      const shown = new RegExp(
        `(?<![\\d,])(${number}|${number.toLocaleString('en-US')})(?![\\d,]*\\d)`,
      )
      return !lines.some((line) => line.includes(`\`${name}\``) && shown.test(line))
    })
    expect(absent).toEqual([])
  })

  it('names every code that a relay closes a link with', () => {
    const codes = Object.values(CLOSINGS).map(({ code }) => String(code))
    expect(codes.filter((code) => !api.includes(`| ${code} |`))).toEqual([])
  })

  it('names every error code', () => {
    const codes = literalsOf('bus/api/errors.ts', 'BusErrorCode')
    expect(codes).toContain('PORT_IN_USE')
    expect(missing(codes)).toEqual([])
  })

  it('names every limit with its default', () => {
    const all = [...Object.entries(busLimits), ...Object.entries(defaultRelayLimits)]
    const rows = all.filter(([name, value]) => {
      const shown = value < 10_000 ? String(value) : value.toLocaleString('en-US')
      return !api.includes(`| \`${name}\` | ${shown} |`)
    })
    expect(rows).toEqual([])
  })

  it('names every counter', () => {
    expect(missing([...COUNTER_NAMES, ...ACTOR_COUNTER_NAMES, ...RELAY_COUNTER_NAMES])).toEqual([])
  })

  it('names every event', () => {
    const events = /export type BusEvent =[\s\S]*?\n\n/.exec(read('bus/api/options.ts'))?.[0] ?? ''
    const types = [...events.matchAll(/type: '(\w+)'/g)].map(([, type = '']) => type)
    expect(types).toContain('rejected')
    expect(types.filter((type) => !api.includes(`| \`'${type}'\` |`))).toEqual([])
  })
})

describe.each(['README.md', 'docs/api.md'])('the code in %s', (document) => {
  it('is made of lines of the examples, which tests run', () => {
    const known = new Set(readExamples().flatMap(({ text }) => text.split('\n').map(trimmed)))
    const blocks = [...read(document).matchAll(/```ts\n([\s\S]*?)```/g)]
    const lines = blocks.flatMap(([, block = '']) => block.split('\n').map(trimmed))
    expect(lines.length).toBeGreaterThan(10)
    expect(lines.filter((line) => line !== '' && !known.has(line))).toEqual([])
  })
})

function read(path: string): string {
  return readFileSync(path, 'utf8')
}

function trimmed(line: string): string {
  return line.trim()
}

/** What stands between backquotes, in blocks and in lines. */
function codeOf(markdown: string): string {
  return [...markdown.matchAll(/```\w*\n[\s\S]*?```|`[^`\n]+`|^## .*$/gm)].join('\n')
}

function missing(names: readonly string[]): string[] {
  return names.filter((name) => !words.has(name))
}

/** Names that a file exports itself, types included. */
function exportedNames(path: string): string[] {
  const text = read(path)
  const declared = text.matchAll(/^export (?:interface|type|class|function) (\w+)/gm)
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) =>
    list.split(',').map((name) => name.replace(/\btype\b/, '').trim()),
  )
  const named = [...declared].map(([, name = '']) => name)
  return [...named, ...listed].filter((name) => name !== '')
}

/** The members of a public interface. */
function membersOf(type: string): string[] {
  const body = new RegExp(`^export interface ${type}\\b[^\\n]*\\{\\n([\\s\\S]*?)^\\}`, 'm')
  const text = body.exec(TYPES.map(read).join('\n'))?.[1] ?? ''
  const names = [...text.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(<]/gm)].map(
    ([, name = '']) => name,
  )
  expect(names.length).toBeGreaterThan(0)
  return names
}

function literalsOf(path: string, type: string): string[] {
  const union =
    new RegExp(`^export type ${type} =([\\s\\S]*?)\\n\\n`, 'm').exec(read(path))?.[1] ?? ''
  return [...union.matchAll(/\| '(\w+)'/g)].map(([, literal = '']) => literal)
}
