/** `sixcast agent`: what it tells of its host, and the actions that its configuration allows. */
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, Home, objectsOf, type Run } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

let files = 0
function config(settings: object): string {
  files += 1
  const path = join(home.config, `agent-${files}.json`)
  writeFileSync(path, JSON.stringify(settings))
  return path
}

/** Starts an agent and waits until it answers. */
async function agent(name: string, settings: object, ...words: string[]): Promise<Run> {
  const env = { SIXCAST_LOG_LEVEL: 'info', SIXCAST_NAME: name }
  const run = home.start(['agent', '--config', config(settings), ...words], { env })
  await run.says(/serving/, 'err')
  return run
}

function get(...words: string[]): Promise<Ended> {
  return home.run(['get', '--timeout', '60', ...words])
}

function req(...words: string[]): Promise<Ended> {
  return home.run(['req', '--timeout', '60', '--json', ...words])
}

const actions = {
  say: { command: ['printf', '%s,%s,%s', 'fixed'], arguments: ['[a-z0-9 $();]+', '\\d+'] },
  fail: { command: ['sh', '-c', 'echo no such service >&2; exit 3'] },
  hang: { command: ['sleep', '300'], timeout: 0.3 },
  much: { command: ['sh', '-c', 'printf %1000s x'], output: 999 },
  lacks: { command: ['/nowhere/at/all'] },
}

beforeAll(async () => {
  await agent('web-1', { actions }, '--tag', 'role=web')
})

describe('the agent', () => {
  it('tells of its host, as variables', async () => {
    const { code, out, err } = await get('host/**', '--where', 'role=web', '--json')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const readings = objectsOf(out).filter(({ type }) => type === 'reading')
    const values = Object.fromEntries(readings.map(({ name, value }) => [String(name), value]))
    expect(values['host/name']).toBe(os.hostname())
    expect(values['host/os']).toMatchObject({ platform: process.platform, arch: os.arch() })
    expect(values['host/cpu']).toMatchObject({ cores: os.cpus().length })
    expect(values['host/versions']).toMatchObject({ node: process.versions.node })
    const { total, used, available } = values['host/memory'] as Record<string, number>
    expect(total).toBe(os.totalmem())
    expect(used! + available!).toBe(total)
    for (const name of ['host/load', 'host/load/5', 'host/load/15', 'host/uptime']) {
      expect(values[name]).toBeGreaterThanOrEqual(0)
    }
    const percents = Object.keys(values).filter((name) => name.endsWith('/used'))
    expect(percents).toContain('host/cpu/used')
    expect(percents).toContain('host/memory/used')
    expect(percents.filter((name) => name.startsWith('host/disk/')).length).toBeGreaterThan(0)
    for (const name of percents) {
      expect(values[name]).toBeGreaterThanOrEqual(0)
      expect(values[name]).toBeLessThanOrEqual(100)
    }
    expect((values['host/processes'] as { all: number }).all).toBeGreaterThan(1)
    expect(values['host/network']).toContainEqual(
      expect.objectContaining({ interface: 'lo', received: expect.any(Number) }),
    )
  })

  it('names its actions, and runs them with what it is given, word for word', async () => {
    const found = objectsOf((await get('host/actions', '--json')).out)[0]?.['value']
    expect(found).toContainEqual({ name: 'say', arguments: ['[a-z0-9 $();]+', '\\d+'] })
    const { code, out } = await req('host/run/say', '["$(exit 1); a","7"]')
    expect(objectsOf(out)[0]).toMatchObject({ value: 'fixed,$(exit 1); a,7' })
    expect(code).toBe(0)
  })

  it.each([
    ['["a b"]', /takes 2 arguments, not 1/],
    ['["a","x"]', /argument 2 of the action \\?"say\\?" is \\?"x\\?"/],
    ['["a","7\\n"]', /argument 2/],
    ['["A","7"]', /argument 1/],
    ['["a",7]', /argument 2/],
    ['{"a":1}', /takes 2 arguments, not 1/],
    ['null', /takes 2 arguments, not 0/],
  ])('does not run one with %s', async (words, text) => {
    const { code, err } = await req('host/run/say', words)
    expect(err).toMatch(/INVALID_VALUE/)
    expect(err).toMatch(text)
    expect(code).toBe(1)
  })

  it.each([
    ['fail', /COMMAND_FAILED.*ended with exit code 3: no such service/],
    ['hang', /TOO_SLOW/],
    ['much', /TOO_LARGE.*over 999 bytes/],
    ['lacks', /COMMAND_FAILED.*cannot be started/],
    ['unknown', /NO_RESPONDER/],
  ])('says how %s has failed', async (name, text) => {
    const { code, out, err } = await req(`host/run/${name}`)
    expect(err).toMatch(text)
    expect({ code, out }).toEqual({ code: 1, out: '' })
  })

  it('tells what the programs print that its configuration names', async () => {
    const variables = {
      'web/config': { command: ['printf', '%s\\n', '$HOME'] },
      'web/named': { command: ['sh', '-c', 'printf %s "\\"$SIXCAST_VARIABLE\\""'], json: true },
      'web/down': { command: ['sh', '-c', 'echo not running >&2; exit 3'] },
      'web/hung': { command: ['sleep', '300'], timeout: 0.3 },
    }
    await agent('web-2', { variables }, '--prefix', 'second')
    const { code, out, err } = await get('web/*')
    expect(new Set(out.trimEnd().split('\n'))).toEqual(
      new Set(['web-2 web/config $HOME', 'web-2 web/named web/named']),
    )
    expect(err).toMatch(
      /web\/down: COMMAND_FAILED: the command ended with exit code 3: not running/,
    )
    expect(err).toMatch(/web\/hung: TOO_SLOW/)
    expect(code).toBe(1)
  })

  it('ends well when it is interrupted', async () => {
    const run = await agent('short', {}, '--prefix', 'short')
    expect((await get('short/name')).out).toBe(`short short/name ${os.hostname()}\n`)
    run.kill('SIGTERM')
    expect((await run.ended).code).toBe(0)
  })
})

describe('an action for some identities', () => {
  it('is run for them, who prove it, and refused to others', async () => {
    const mine = join(home.config, 'mine')
    const shown = await home.run(['identity', '--identity', mine])
    const id = /[0-9a-f]{64}/.exec(shown.out)?.[0] ?? shown.out
    const allowed = { actions: { ping: { command: ['printf', 'pong'], allow: [id] } } }
    const refused = await home.run(['agent', '--config', config(allowed)])
    expect(refused.err).toMatch(/"ping" is for some identities alone.*--proof each/)
    expect(refused.code).toBe(64)
    await agent('vault', allowed, '--proof', 'each', '--prefix', 'vault')
    const proof = ['--proof', 'each']
    const good = await req('vault/run/ping', ...proof, '--identity', mine)
    expect(objectsOf(good.out)[0]).toMatchObject({ value: 'pong' })
    const other = await req('vault/run/ping', ...proof)
    expect(other.err).toMatch(/DENIED/)
    const unproven = await req('vault/run/ping', '--identity', mine, '--timeout', '3')
    expect(unproven.code).not.toBe(0)
    expect(unproven.out).toBe('')
  })
})

describe('a configuration', () => {
  it.each<[object | string, RegExp]>([
    ['all', /"variables" in .* is "all": an object, variables by name/],
    [{ 'a/*': { command: ['x'] } }, /"variables" in .*: .*a\/\*/],
    [{ a: ['uptime'] }, /the variable "a" in .*: an object such as/],
    [{ a: { command: 'uptime' } }, /the variable "a" in .*: its command is a list/],
    [{ a: { command: ['x'], json: 1 } }, /the json of the variable "a" in .* is 1: true or false/],
    [{ a: { command: ['x'], timeout: 0 } }, /the timeout of the variable "a" in .* is 0/],
    [{ a: { command: ['x'], allow: [] } }, /the variable "a" in .* has the unknown key "allow"/],
  ])('with the variables %j is refused with 64', async (given, text) => {
    const { code, err } = await home.run(['agent', '--config', config({ variables: given })])
    expect(err).toMatch(text)
    expect(code).toBe(64)
  })

  it.each<[object | string, RegExp]>([
    ['all', /"actions" in .* is "all": an object, actions by name/],
    [{ 'a/b': { command: ['x'] } }, /the name "a\/b" is no segment/],
    [{ '*': { command: ['x'] } }, /the name "\*" is no segment/],
    [{ a: 'uptime' }, /the action "a" in .* is "uptime": an object such as/],
    [{ a: { command: 'uptime' } }, /its command is a list/],
    [{ a: { command: [] } }, /the command of .*give at least one/],
    [{ a: { command: ['x'], comand: 1 } }, /the unknown key "comand"/],
    [{ a: { command: ['x'], arguments: ['('] } }, /the arguments of .*Invalid regular expression/],
    [{ a: { command: ['x'], timeout: 0 } }, /the timeout of .* is 0/],
    [{ a: { command: ['x'], output: 9e9 } }, /the output of /],
    [{ a: { command: ['x'], allow: ['me'] } }, /the allow of .* is "me": 64 digits/],
  ])('with the actions %j is refused with 64', async (given, text) => {
    const { code, err } = await home.run(['agent', '--config', config({ actions: given })])
    expect(err).toMatch(text)
    expect(code).toBe(64)
  })
})
