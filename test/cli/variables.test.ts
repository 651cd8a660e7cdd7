/** `sixcast get` and `sixcast expose`: variables between processes, in every form, and how they end. */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, Home, objectsOf, type Run } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())
const file = join(home.config, 'reading')

/** Starts `expose` and waits until it answers. */
async function owner(name: string, ...words: readonly string[]): Promise<Run> {
  const env = { SIXCAST_LOG_LEVEL: 'info', SIXCAST_NAME: name }
  const run = home.start(['expose', ...words], { env })
  await run.says(/exposing/, 'err')
  return run
}

let north: Run
beforeAll(async () => {
  writeFileSync(file, '17\n')
  north = await owner('north', 'site=north', 'rack=a=7', '--tag', 'role=web', '--tag', 'os=linux')
  await owner('south', 'site=south', '--file', `disk/free=${file}`, '--tag', 'role=db')
  const commands = ['named=printf %s "\\"$SIXCAST_VARIABLE\\""', 'fails=exit 3', 'hangs=sleep 300']
  const words = commands.flatMap((command) => ['--command', command])
  const files = ['--file', 'broken=/nowhere/at/all']
  await owner('sensor', '--json', 'limits={"max":3}', ...files, ...words, '--timeout', '0.3')
})

/** Fetches, with patience for a machine that is busy. */
function get(...words: string[]): Promise<Ended> {
  return home.run(['get', '--timeout', '30', ...words])
}

function set(...words: string[]): Promise<Ended> {
  return home.run(['set', '--timeout', '30', ...words])
}

describe('variables', () => {
  it('are printed with the names of their owners, as text is', async () => {
    const { code, out, err } = await get('site')
    expect(out.split('\n').toSorted()).toEqual(['', 'north site north', 'south site south'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect((await get('rack', 'disk/*')).out.split('\n').toSorted()).toEqual([
      '',
      'north rack a=7',
      'south disk/free 17',
    ])
  })

  it('are those of peers with the tags, and who has none is named', async () => {
    expect(await get('site', '--where', 'role=web', '--where', 'os=linux')).toEqual({
      code: 0,
      out: 'north site north\n',
      err: '',
    })
    const none = await get('rack', '--where', 'role=db')
    expect(none.out).toBe('')
    expect(none.err).toMatch(/^sixcast: [0-9a-f]{16} \(south\) has no such variable$/m)
    expect(none.err).toMatch(/^sixcast: nobody who is here has such a variable$/m)
    expect(none.code).toBe(1)
  })

  it('are read anew each time', async () => {
    writeFileSync(file, '18\n')
    expect((await get('disk/free')).out).toBe('south disk/free 18\n')
  })

  it('are objects with --json, and the report is the last one', async () => {
    const { code, out } = await get('limits', 'named', '--json')
    const objects = objectsOf(out)
    expect(objects).toHaveLength(3)
    const about = { type: 'reading', from: expect.stringMatching(/^[0-9a-f]{16}$/), version: 1 }
    expect(objects).toContainEqual(
      expect.objectContaining({ ...about, name: 'limits', value: { max: 3 } }),
    )
    expect(objects).toContainEqual(
      expect.objectContaining({ ...about, name: 'named', value: 'named', age: 0 }),
    )
    expect(objects[2]).toMatchObject({ type: 'report', end: 'complete' })
    expect(code).toBe(0)
    const id = String(objects[0]?.['from'])
    expect((await get('**', '--from', id, '--min', '1')).out).toMatch(
      /^sensor limits \{"max":3\}$/m,
    )
  })

  it('are a table in the order of names with --table', async () => {
    const { code, out } = await get('site', 'rack', '--table')
    const rows = out.split('\n').map((line) => line.split(/ +/).slice(0, 4).join(' '))
    expect(rows).toEqual([
      'NAME PEER VALUE VERSION',
      'rack north a=7 1',
      'site north north 1',
      'site south south 1',
      '',
    ])
    expect(code).toBe(0)
  })

  it('that cannot be had are errors, each with its reason: exit 1', async () => {
    const { code, out, err } = await get('broken', 'fails', 'hangs', 'limits')
    expect(out).toBe('sensor limits {"max":3}\n')
    expect(err).toMatch(/\(sensor\): broken: REMOTE: .*\/nowhere\/at\/all/)
    expect(err).toMatch(/\(sensor\): fails: COMMAND_FAILED: the command ended with exit code 3$/m)
    expect(err).toMatch(/\(sensor\): hangs: TOO_SLOW: (variable "hangs"|the command) takes/)
    expect(code).toBe(1)
  })

  it('of fewer peers than were asked for are not enough: exit 2', async () => {
    const { code, out, err } = await get('rack', '--min', '5')
    expect(out).toBe('north rack a=7\n')
    expect(err).toBe('sixcast: 1 of 5 peers have given a value\n')
    expect(code).toBe(2)
    expect((await get('rack', '--min', '1')).code).toBe(0)
  })

  it('of nobody are an error', async () => {
    const { code, out, err } = await get('nothing')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toBe('sixcast: nobody who is here has such a variable\n')
  })

  it('are gone when their owner is interrupted, which ends well', async () => {
    const short = await owner('short', 'short=1')
    expect((await get('short')).out).toBe('short short 1\n')
    short.kill('SIGTERM')
    expect((await short.ended).code).toBe(0)
    expect((await get('short')).code).toBe(1)
    expect(north.text('err')).not.toMatch(/error/)
  })
})

describe('set', () => {
  it('sets what may be set, prints it on both sides, and only over what was seen', async () => {
    const lamp = await owner('lamp', 'lamp=off', '--writable')
    expect(await set('lamp', 'on')).toEqual({ code: 0, out: 'lamp lamp on\n', err: '' })
    const found = await get('lamp', '--json')
    const [reading] = objectsOf(found.out)
    expect(reading).toMatchObject({ value: 'on', version: 2 })
    const id = String(reading?.['from'])
    const late = await set('lamp', 'dim', '--owner', id, '--over', '1')
    expect(late).toMatchObject({ code: 1, out: '' })
    expect(late.err).toMatch(/has version 2, not 1/)
    const { out } = await set('lamp', '{"dim":1}', '--owner', id, '--over', '2', '--json')
    expect(objectsOf(out)).toEqual([
      { type: 'written', name: 'lamp', value: { dim: 1 }, from: id, version: 3 },
    ])
    lamp.kill('SIGTERM')
    expect(await lamp.ended).toMatchObject({ code: 0, out: 'lamp on\nlamp {"dim":1}\n' })
  })

  it('is refused where nothing, or too much, can be set: exit 1', async () => {
    const several = await set('site', 'x')
    expect(several.err).toMatch(/2 peers expose "site": name one by --owner, as [0-9a-f]{16}, /)
    expect(several.code).toBe(1)
    expect((await set('rack', 'x')).err).toMatch(/"rack" stays as it is/)
    expect((await set('nothing', 'x')).err).toMatch(/nobody who is here exposes "nothing"/)
    const gone = await set('site', 'x', '--owner', '0000000000000001')
    expect(gone.err).toMatch(/^sixcast: peer 0000000000000001 is not here to set "site": /)
  })
})

describe('set of many', () => {
  it('sets it at all who expose it, or have the tag, and says where it could not', async () => {
    const all = [
      await owner('m1', 'mode=day', '--writable', '--tag', 'kind=lamp'),
      await owner('m2', 'mode=day', '--writable'),
      await owner('m3', 'mode=day', '--tag', 'kind=lamp'),
    ]
    const { code, out, err } = await set('mode', 'night', '--all')
    expect(out.split('\n').toSorted()).toEqual(['', 'm1 mode night', 'm2 mode night'])
    expect(err).toMatch(/^sixcast: [0-9a-f]{16} \(m3\): DENIED: .*"mode" stays as it is/)
    expect(code).toBe(1)
    const found = await set('mode', '"dawn"', '--where', 'kind=lamp', '--json')
    const outcomes = objectsOf(found.out).map(({ type, value, error }) => [type, value ?? error])
    expect(outcomes).toHaveLength(2)
    expect(outcomes).toContainEqual(['written', 'dawn'])
    expect(outcomes).toContainEqual(['refused', expect.objectContaining({ code: 'DENIED' })])
    const nobody = await set('nothing', '1', '--all')
    expect(nobody.err).toMatch(/nobody who was asked exposes "nothing"/)
    expect(nobody.code).toBe(1)
    for (const one of all) one.kill('SIGTERM')
    await Promise.all(all.map((one) => one.ended))
  })
})

describe('old values', () => {
  it('are kept where they are asked for, and printed of who has gone', async () => {
    const name = `old-${Date.now()}`
    const short = await owner('short', `${name}=1`)
    expect((await get(name, '--stale', '600')).out).toBe(`short ${name} 1\n`)
    short.kill('SIGTERM')
    await short.ended
    const gone = await get(name, '--stale', '600')
    expect(gone.out).toMatch(new RegExp(`^short ${name} 1 \\(\\d+ s old\\)\\n$`))
    expect(gone.code).toBe(2)
    const [reading] = objectsOf((await get(name, '--stale', '600', '--json')).out)
    expect(reading).toMatchObject({ type: 'reading', value: '1', stale: true })
    expect((await get(name)).out).toBe('')
    // Started anew it is another peer, and its old value is none.
    const again = await owner('short', `${name}=2`)
    expect((await get(name, '--stale', '600')).out).toBe(`short ${name} 2\n`)
    expect(statSync(join(home.config, 'sixcast/known/local.json')).mode & 0o777).toBe(0o600)
    again.kill('SIGTERM')
    await again.ended
  })
})

describe('watch', () => {
  it('prints what is there, what changes, and what has gone', async () => {
    const door = await owner('door', 'door=open', '--writable')
    const run = home.start(['watch', 'door', '--json'])
    await run.says(/"open"/)
    expect((await set('door', 'shut')).code).toBe(0)
    await run.says(/"shut"/)
    door.kill('SIGTERM')
    await run.says(/"gone"/)
    run.kill('SIGINT')
    const { code, out } = await run.ended
    const shown = objectsOf(out).map(({ type, value, version }) => [type, value, version])
    expect(shown).toEqual([
      ['value', 'open', 1],
      ['value', 'shut', 2],
      ['gone', undefined, undefined],
    ])
    expect(code).toBe(0)
    const lines = await home.run(['watch', 'site', '--count', '2'])
    expect(lines.out.split('\n').toSorted()).toEqual(['', 'north site north', 'south site south'])
    expect(lines.code).toBe(0)
  })
})

describe('usage', () => {
  it.each([
    [['get', 'a//b'], /a\/\/b/],
    [['get', 'a', '--where', 'role'], /option --where is "role": a name, "=" and a value/],
    [['get', 'a', '--from', 'north'], /option --from is "north": 16 hexadecimal digits/],
    [['get', 'a', '--json', '--table'], /give --json or --table, not both/],
    [['get', 'a', '--min', '0'], /option --min is "0"/],
    [['set', 'a/*', '1'], /wildcard: a name is exact/],
    [['set', 'a'], /VALUE is missing/],
    [['set', 'a', '{', '--json'], /VALUE is not JSON/],
    [['set', 'a', '1', '--owner', 'x'], /option --owner is "x"/],
    [['set', 'a', '1', '--over', '0'], /option --over is "0"/],
    [['set', 'a', '1', '--over', '1', '--all'], /option --over is of one owner/],
    [['set', 'a', '1', '--where', 'a=b', '--all'], /give --all or --where/],
    [['get', 'a', '--stale', '0'], /option --stale is "0"/],
    [['watch', 'a', '--every', '0.01'], /option --every is "0.01"/],
    [['expose'], /nothing to expose/],
    [['expose', '--writable', '--file', 'a=b'], /--writable is of use only with NAME=VALUE/],
    [['expose', 'load'], /a value is "load": a name, "=" and a value/],
    [['expose', 'a/*=1'], /wildcard: a name is exact/],
    [['expose', 'a=1', '--command', 'a=true'], /the name "a" is given twice/],
    [['expose', 'a={', '--json'], /the value of a is not JSON/],
    [['expose', 'a=1', '--tag', `k=${'x'.repeat(40)}`], /option --tag/],
  ])('%j is refused with 64', async (words, text) => {
    const { code, err } = await home.run(words)
    expect(err).toMatch(text)
    expect(code).toBe(64)
  })
})
