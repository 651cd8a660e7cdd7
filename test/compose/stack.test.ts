/** compose/compose.yaml as a user starts it, and the image that it builds. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  DockerComposeEnvironment,
  GenericContainer,
  getContainerRuntimeClient,
  type StartedDockerComposeEnvironment,
  type StartedTestContainer,
} from 'testcontainers'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { ContainerLog } from './container-log.ts'
import { writeKey } from './key.ts'

const services = ['sensor', 'reader', 'recorder'] as const

describe('the image', () => {
  it('runs the command, not as root, and holds no more than the product', async () => {
    await using container = await new GenericContainer(inject('containers').image)
      .withEntrypoint(['sleep', '60'])
      .start()
    const run = async (line: string): Promise<string> =>
      (await container.exec(['sh', '-c', line])).output.trim()
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(await run('sixcast --version')).toBe(version)
    expect(await run('id -u')).toBe('1000')
    expect((await run('ls /sixcast')).split('\n')).toEqual(['dist', 'node_modules', 'package.json'])
    expect(await run('ls /sixcast/node_modules | grep -E "vitest|typescript"')).toBe('')
  })
})

describe('the stack', () => {
  let stack: StartedDockerComposeEnvironment

  beforeAll(async () => {
    const { baseImage } = inject('containers')
    stack = await new DockerComposeEnvironment(resolve('compose'), 'compose.yaml')
      .withProjectName('stack')
      .withClientOptions({ executable: { standalone: true, executablePath: 'docker-compose' } })
      .withEnvironment({
        BASE: baseImage,
        SIXCAST_KEY_FILE: await writeKey('site.key', randomBytes(32)),
      })
      .withBuild()
      .up()
  })
  afterAll(async () => await stack.down())

  it('prints the readings of the sensor in both readers', async () => {
    const text = /^hosts\/sensor\/load \d+\.\d+$/
    const json = /^\{"type":"message","topic":"hosts\/sensor\/load","value":\d+(\.\d+)?,.*\}$/
    for (const [service, reading] of [
      ['reader', text],
      ['recorder', json],
    ] as const) {
      const log = new ContainerLog(service)
      log.follow(await containerOf(service).logs())
      for (let heard = 0; heard < 3; heard++) await log.line(reading)
    }
  })

  it('says who is healthy, and who would not be', async () => {
    const check = async (service: string, env?: Record<string, string>): Promise<number> => {
      // `CMD-SHELL`, and the line for the shell.
      const [, line = ''] = (await inspect(service)).Config.Healthcheck?.Test ?? []
      const options = env === undefined ? {} : { env }
      return (await containerOf(service).exec(['sh', '-c', line], options)).exitCode
    }
    const codes = services.map((service) => check(service))
    const absent = check('reader', { SIXCAST_NAME: 'absent' })
    expect(await Promise.all([...codes, absent])).toEqual([0, 0, 0, 1])
  })

  it.each(services)('gives %s no rights and nothing to write on', async (service) => {
    const run = async (line: string): Promise<string> =>
      (await containerOf(service).exec(['sh', '-c', line])).output.replace(/\s+/g, ' ').trim()
    expect(await run("grep -E '^(Uid|CapBnd|NoNewPrivs):' /proc/1/status")).toBe(
      'Uid: 1000 1000 1000 1000 CapBnd: 0000000000000000 NoNewPrivs: 1',
    )
    expect(await run('touch /tmp/mark')).toMatch(/read-only/i)
  })

  it('lets the sensor say goodbye', async () => {
    const client = await getContainerRuntimeClient()
    await client.container.getById(containerOf('sensor').getId()).stop()
    // What `pub` says about SIGTERM; of a shell that had to be killed it would be 137.
    expect((await inspect('sensor')).State.ExitCode).toBe(143)
  })

  function containerOf(service: string): StartedTestContainer {
    return stack.getContainer(`stack_${service}_1`)
  }

  async function inspect(service: string): Promise<Inspection> {
    const client = await getContainerRuntimeClient()
    return await client.container.getById(containerOf(service).getId()).inspect()
  }
})

type Client = Awaited<ReturnType<typeof getContainerRuntimeClient>>
type Inspection = Awaited<ReturnType<Client['container']['inspect']>>
