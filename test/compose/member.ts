/** A container of the image with one command of sixcast in it. */
import type { Readable } from 'node:stream'
import {
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  Wait,
} from 'testcontainers'
import { inject } from 'vitest'
import type { LinePredicate } from '../net/lab/lines.ts'
import { ContainerLog } from './container-log.ts'
import type { Segment } from './segment.ts'

/** An object of `sub --json`, as docs/cli.md has it. */
export interface Told {
  readonly type: string
  readonly value?: unknown
  readonly sequence?: number
  /** The publisher of a message; the first sequence number of a gap. */
  readonly from?: string | number
  /** The last sequence number of a gap. */
  readonly to?: number
}

/** What a test says about a member: its name, where it is, and the key file it is given. */
export interface Place {
  readonly name: string
  readonly segment: Segment
  readonly key: string
}

/** Starts a subscriber and resolves once it has subscribed. */
export async function startSub(place: Place, ...words: readonly string[]): Promise<Member> {
  const container = containerAt(place).withCommand(['sub', '--json', ...words])
  return await start(place, container.withWaitStrategy(Wait.forLogMessage(/subscribed/)))
}

/** Starts a line of the image's shell. */
export async function startShell(place: Place, line: string): Promise<Member> {
  const container = containerAt(place).withEntrypoint(['sh', '-c'])
  return await start(place, container.withCommand([line]))
}

async function start(place: Place, container: GenericContainer): Promise<Member> {
  const log = new ContainerLog(place.name)
  const follow = (stream: Readable): void => log.follow(stream)
  return new Member(await container.withLogConsumer(follow).start(), log)
}

export class Member implements AsyncDisposable {
  readonly container: StartedTestContainer
  readonly #log: ContainerLog

  /** Use `startSub` or `startShell`. */
  constructor(container: StartedTestContainer, log: ContainerLog) {
    this.container = container
    this.#log = log
  }

  /** Everything it has said so far. */
  get text(): string {
    return this.#log.text
  }

  /** The messages and gaps that a subscriber has told so far, in its order. */
  get told(): Told[] {
    const lines = this.text.split('\n').filter((line) => line.startsWith('{"type":'))
    return lines.map((line) => JSON.parse(line) as Told) // What `sub --json` promises.
  }

  get values(): unknown[] {
    return this.told.filter(({ type }) => type === 'message').map(({ value }) => value)
  }

  /** The next unread line that matches. */
  line(predicate: LinePredicate): Promise<string> {
    return this.#log.line(predicate)
  }

  /** Waits for its end; resolves with the exit code when its output is read. */
  async exit(): Promise<number> {
    const client = await getContainerRuntimeClient()
    const container = client.container.getById(this.container.getId())
    const { StatusCode: code } = (await container.wait()) as { StatusCode: number } // Docker's API.
    await this.#log.ended
    return code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.container.stop({ timeout: 0 })
  }
}

function containerAt({ name, segment, key }: Place): GenericContainer {
  const secret = '/run/secrets/realm-key'
  return new GenericContainer(inject('containers').image)
    .withName(name)
    .withNetworkMode(segment.name)
    .withBindMounts([{ source: key, target: secret, mode: 'ro' }])
    .withEnvironment({
      SIXCAST_KEY: secret,
      SIXCAST_SCOPE: 'link',
      SIXCAST_NAME: name,
      SIXCAST_LOG_LEVEL: 'info',
    })
    .withStartupTimeout(startMs)
}

const startMs = 30_000
