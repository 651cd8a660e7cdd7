/** The actions of an agent: what they leave running, who waits for them, and how the agent ends meanwhile. */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Home, type Run } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

let agents = 0
/** Starts an agent with one action, `run`, and waits until it answers. */
async function agent(settings: object, more: Record<string, string> = {}): Promise<Agent> {
  agents += 1
  const prefix = `host-${agents}`
  const config = join(home.config, `${prefix}.json`)
  writeFileSync(config, JSON.stringify(settings))
  const env = { SIXCAST_LOG_LEVEL: 'info', ...more }
  const run = home.start(['agent', '--config', config, '--prefix', prefix], { env })
  await run.says(/serving/, 'err')
  const ask = (): Run => home.start(['req', `${prefix}/run/act`, '--timeout', '60'])
  return { run, ask }
}

interface Agent {
  readonly run: Run
  readonly ask: () => Run
}

function acting(script: string): object {
  return { actions: { act: { command: ['sh', '-c', script], timeout: 600 } } }
}

/** What another process writes there. */
async function written(file: string): Promise<string> {
  const read = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  await expect.poll(read, { timeout: 60_000 }).toMatch(/\n$/)
  return read().trim()
}

const path = (name: string): string => join(home.config, name)

/** For as long as the file is there, which it is not when the test has ended. */
const stay = (file: string): string => `while [ -e ${file} ]; do sleep 0.5; done`

describe('an action', () => {
  it('that leaves a daemon is answered, and can be run again', async () => {
    const file = path('daemons')
    const daemon = `setsid sh -c 'echo >> ${file}; ${stay(file)}' &`
    const { run, ask } = await agent(acting(`${daemon} echo started`))
    for (const _ of [1, 2]) {
      expect(await ask().ended).toEqual({ code: 0, out: 'started\n', err: '' })
    }
    expect(await written(file)).toBe('')
    run.kill('SIGTERM')
    expect((await run.ended).code).toBe(0)
  })

  it('is not cut off when who asked waits no longer, nor when the agent is told to end', async () => {
    const [begun, file] = [path('begun'), path('done')]
    const script = `echo > ${begun}; ${stay(begun)}; echo done > ${file}`
    const { run, ask } = await agent(acting(script))
    const asker = ask()
    await written(begun)
    asker.kill('SIGINT')
    expect((await asker.ended).code).toBe(130)
    expect((await ask().ended).err).toMatch(/as many questions at work as it takes/)
    run.kill('SIGTERM')
    rmSync(begun)
    expect((await run.ended).code).toBe(0)
    expect(await written(file)).toBe('done')
  })
})

describe('the agent', () => {
  it('ends while the disks cannot be looked at', async () => {
    const [df, file] = [path('df'), path('hung')]
    writeFileSync(df, `#!/bin/sh\necho > ${file}; ${stay(file)}\n`)
    chmodSync(df, 0o755)
    const { run } = await agent({}, { PATH: `${home.config}:${process.env['PATH']}` })
    await written(file)
    run.kill('SIGTERM')
    expect(await run.ended).toMatchObject({ code: 0, err: expect.not.stringMatching(/warning/) })
  })

  it('tells what is no JSON by a code of its own', async () => {
    const variables = { plain: { command: ['echo', 'x'], json: true, timeout: 60 } }
    await agent({ variables })
    const { err } = await home.run(['get', 'plain', '--timeout', '60'])
    expect(err).toMatch(/plain: INVALID_VALUE: .*the output of the command of plain is not JSON/)
  })
})
