/** Whether the fuzzer feeds every decoder that there is: what the sources export, against what it imports. */
import { describe, expect, it } from 'vitest'
import { importsOf, readSources, type Source } from '../../setup/source.ts'

/** Decoders that no fuzzer feeds by themselves, each with the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'bus/core/wire/answered.ts readAnswered': 'a record that readControl reads',
  'bus/core/wire/attach.ts readAttach': 'a record that readControl reads',
  'bus/core/wire/attach.ts readStarted': 'a record that readControl reads',
  'bus/core/wire/entries.ts readEntries': 'a list within records that readControl reads',
  'bus/core/wire/gone.ts readOldest': 'a record that readControl reads',
  'bus/core/wire/gone.ts readExpired': 'a record that readControl reads',
  'bus/core/wire/gone.ts readRuns': 'a list within records that readControl reads',
  'bus/core/wire/meeting.ts readMeet': 'a record that readControl reads',
  'bus/core/wire/meeting.ts readMet': 'a record that readControl reads',
  'bus/core/wire/places.ts readPlaces': 'a record that readControl reads',
  'bus/core/wire/reach.ts readReach': 'a record that readControl reads',
  'bus/core/wire/share.ts readChosen': 'a field that readRecords reads',
  'bus/core/wire/share.ts readSeat': 'a record that readControl reads',
  'bus/core/wire/share.ts readShare': 'a record that readControl reads',
  'bus/api/peer-address.ts parsePeerAddress': 'an option of the program itself',
  'bus/core/wire/nak.ts readNak': 'a record that readControl reads',
  'bus/io/epochs.ts readPage': 'parsePage, less what it says of the epoch',
  'bus/io/listen.ts parseListen': 'an option of the program itself, no bytes or text of others',
  'bus/librecast/options.ts parseOptions': 'options of the program itself, no bytes or text',
  'bus/cli/values.ts measured': 'one anchored pattern, which alarm.test.ts tests',
}

/** Whether a decoder is given what is to be read itself, and not the name of a file that holds it. */
const NAMES_OF_FILES = new Set(['path', 'name', 'realm'])

const FUNCTION = /^export (?:async )?function\*? (\w+)(?:<[^>]*>)?\(([^)]*)\)(?:: ([^{]+))?/gm
const METHOD = /^ {2}static (?:async )?(\w+)\(([^)]*)\)/gm

/** What a source exports to read bytes, text, or a value that somebody else has sent. */
function decodersIn({ path, text }: Source): string[] {
  const functions = [...text.matchAll(FUNCTION)].filter(
    ([, name = '', params = '', gives = '']) => {
      const isReader = /^(read|parse|decode|split)[A-Z]/.test(name)
      const isOfValue = /^\s*value: unknown/.test(params) && gives.includes('| undefined')
      return isOfValue || (isReader && !NAMES_OF_FILES.has(/\w+/.exec(params)?.[0] ?? ''))
    },
  )
  const methods = [...text.matchAll(METHOD)].filter(([, name = '', params = '']) => {
    return /^(read|parse|decode)/.test(name) && params.includes('Uint8Array')
  })
  const classes = methods.length > 0 ? [...text.matchAll(/^export class (\w+)/gm)] : []
  return [...functions, ...classes].map(([, name]) => `${path} ${name}`)
}

/** What a file of the fuzzer imports by name; the linter lets nothing be imported that is not used. */
function importedBy(source: Source): string[] {
  const lists = [...source.text.matchAll(/^import \{([^}]*)\} from '([^']+)'/gm)]
  const targets = importsOf(source).filter(({ typeOnly }) => !typeOnly)
  return lists.flatMap(([, names = '', specifier = '']) => {
    const end = specifier.replace(/^(\.\.?\/)+/, '')
    const target = targets.find((one) => one.target.endsWith(end))?.target
    return names.split(',').map((name) => `${target} ${name.trim()}`)
  })
}

const found = readSources(['bus', 'relay', 'client']).flatMap(decodersIn)
const fed = new Set(
  readSources(['test/fuzz'])
    .filter(({ path }) => /\/decoders-\w+\.ts$/.test(path))
    .flatMap(importedBy),
)

describe('the fuzzer of decoders', () => {
  it('feeds every decoder, or says why not', () => {
    const missing = found.filter((one) => !fed.has(one) && !(one in EXCEPTIONS))
    expect(missing).toEqual([])
  })

  it('excepts only decoders that are there, and that it does not feed', () => {
    const stale = Object.keys(EXCEPTIONS).filter((one) => !found.includes(one) || fed.has(one))
    expect(stale).toEqual([])
  })

  it('finds the decoders of every kind of source', () => {
    const some = [
      'bus/core/wire/hello.ts readHello',
      'bus/core/rights.ts Rights',
      'bus/io/invitation.ts parseInvitation',
      'bus/io/joining/words.ts requestOf',
      'bus/io/files/wire.ts spoken',
      'bus/cli/config.ts parseConfig',
      'bus/librecast/frame.ts decodeFrame',
    ]
    expect(found).toEqual(expect.arrayContaining(some))
  })

  it('would miss a new one', () => {
    const text = 'export function readOdd(\n  bytes: Uint8Array,\n): number {\n'
    expect(decodersIn({ path: 'bus/io/odd.ts', text })).toEqual(['bus/io/odd.ts readOdd'])
    expect(fed.has('bus/io/odd.ts readOdd')).toBe(false)
  })
})
