/** `sixcast when`: a command runs when a variable passes a bound, with what it was about. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Home, objectsOf, type Run } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

/** Of each attempt: what an earlier one has left behind is not meant. */
let attempts = 0
function own(name: string): string {
  attempts += 1
  return `${name}-${attempts}`
}

/** Starts a command and waits until it says that it is at work. */
async function start(says: RegExp, words: readonly string[], name?: string): Promise<Run> {
  const env = { SIXCAST_LOG_LEVEL: 'info', ...(name !== undefined && { SIXCAST_NAME: name }) }
  const run = home.start(words, { env })
  await run.says(says, 'err')
  return run
}

function owner(name: string, ...words: readonly string[]): Promise<Run> {
  return start(/exposing/, ['expose', '--writable', ...words], name)
}

async function set(name: string, value: string): Promise<void> {
  const { code, err } = await home.run(['set', '--timeout', '30', name, value])
  expect({ code, err }).toEqual({ code: 0, err: '' })
}

describe('when', () => {
  it('runs the program with what it is about, and no shell reads its arguments', async () => {
    const heat = own('heat')
    const file = join(home.config, heat)
    const lamp = await owner('lamp', `${heat}=20`)
    const script =
      'echo it is so; cat > "$1"; echo " $2 $SIXCAST_OWNER $SIXCAST_VARIABLE $SIXCAST_VALUE" >> "$1"'
    const words = ['sh', '-c', script, 'sh', file, '$(exit 3); a "b"']
    const watching = ['when', heat, '--above', '50', '--count', '1', '--', ...words]
    const run = await start(/watching/, watching)
    await set(heat, '60')
    const { code, out } = await run.ended
    expect(out).toBe(`acts lamp ${heat} 60\nit is so\n`)
    expect(readFileSync(file, 'utf8')).toBe(`60 $(exit 3); a "b" lamp ${heat} 60\n`)
    expect(code).toBe(0)
    lamp.kill('SIGTERM')
  })

  it('waits for so long, is over on the other side, and only tells in a dry run', async () => {
    const file = join(home.config, 'never')
    const flow = own('flow')
    const pump = await owner('pump', `${flow}=5`)
    const bounds = ['--below', '3', '--until', '7', '--for', '0.5']
    const watching = ['when', flow, ...bounds, '--dry-run', '--json', '--', 'touch', file]
    const run = await start(/watching/, watching)
    await set(flow, '2')
    await run.says(/"would"/)
    await set(flow, '8')
    await run.says(/"over"/)
    run.kill('SIGINT')
    const { code, out } = await run.ended
    const steps = objectsOf(out)
    expect(steps.map(({ type, name, value }) => [type, name, value])).toEqual([
      ['holds', flow, '2'],
      ['would', flow, '2'],
      ['over', flow, '8'],
    ])
    expect(steps[1]?.['held']).toBeGreaterThanOrEqual(500)
    expect(code).toBe(0)
    expect(existsSync(file)).toBe(false)
    pump.kill('SIGTERM')
  })

  it('looks at what all variables come to, and says how a command has failed', async () => {
    const up = own('up')
    const runs = [await owner('a', `${up}=1`), await owner('b', `${up}=1`)]
    const few = ['--aggregate', 'count', '--below', '2', '--for', '1', '--every', '0.2']
    const run = await start(/watching/, ['when', up, ...few, '--count', '1', '--', 'false'])
    runs[0]!.kill('SIGTERM')
    const { code, out, err } = await run.ended
    expect(out).toMatch(/^acts 1$/m)
    expect(err).toMatch(/sixcast: COMMAND_FAILED: the command ended with exit code 1/)
    expect(code).toBe(1)
    runs[1]!.kill('SIGTERM')
  })

  it('tells what is no number, and what cannot be started, and goes on', async () => {
    const level = own('level')
    const mixed = await owner('mixed', `${level}=high`)
    const watching = ['when', level, '--above', '1', '--', '/nowhere/at/all']
    const counting = ['when', level, '--above', '1', '--count', '1', '--', 'true']
    const [run, counted] = [await start(/watching/, watching), await start(/watching/, counting)]
    for (const one of [run, counted]) {
      await one.says(/mixed level-\d+: INVALID_VALUE: high is no number/, 'err')
    }
    await set(level, '2')
    // It is the command alone whose failure counts.
    expect((await counted.ended).code).toBe(0)
    await run.says(/COMMAND_FAILED: the program \/nowhere\/at\/all cannot be started/, 'err')
    run.kill('SIGTERM')
    expect(await run.ended).toMatchObject({ code: 0, out: `acts mixed ${level} 2\n` })
    mixed.kill('SIGTERM')
  })
})

describe('usage', () => {
  it.each([
    [['when', 'a'], /give one of --above, --below, --equals, --differs/],
    [['when', 'a', '--above', '1', '--below', '2'], /give one of/],
    [['when', 'a', '--above', 'much'], /option --above is "much": a number/],
    [['when', 'a//b', '--above', '1'], /a\/\/b/],
    [['when', 'a', '--above', '8', '--until', '9'], /option --until is 9: not above 8/],
    [['when', 'a', '--equals', '8', '--until', '9'], /--until is of use only with --above or/],
    [['when', 'a', '--equals', '{', '--json'], /option --equals is not JSON/],
    [['when', 'a', '--above', '8', '--for', '-1'], /option --for is "-1"/],
    [['when', 'a', '--above', '8', '--count', '0'], /option --count is "0"/],
    [['when', 'a', '--above', '8', '--aggregate', 'sum'], /sum/],
    [['when', 'a', '--above', '8', '--timeout', '3'], /--timeout is of use only with a command/],
  ])('%j is refused with 64', async (words, text) => {
    const { code, err } = await home.run(words)
    expect(err).toMatch(text)
    expect(code).toBe(64)
  })
})
