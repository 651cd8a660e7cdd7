/** Secrets of the relay's command by descriptors, and the SIGHUP that comes while it starts. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { World } from '../../../bus/cli/command.ts'
import { Interrupt } from '../../../bus/cli/interrupt.ts'
import { Output } from '../../../bus/cli/output.ts'
import { relay } from '../../../bus/cli/relay.ts'
import { RelaySecrets } from '../../../bus/cli/relay-secrets.ts'
import { FakeLog } from '../relay/fake-log.ts'

const directory = mkdtempSync(join(tmpdir(), 'sixcast-secrets-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** The number of a file that is open and holds that text. */
function descriptorOf(name: string, text: string): number {
  const path = join(directory, name)
  writeFileSync(path, text)
  return openSync(path, 'r')
}

describe('a secret by a descriptor', () => {
  const { signal } = new AbortController()

  it('is kept as it was read, whatever has its number later', async () => {
    const secrets = new RelaySecrets(signal)
    const descriptor = descriptorOf('first', 'the first')
    const name = `fd:${descriptor}`
    expect((await secrets.named(name)).text).toBe('the first')
    secrets.started()
    const other = descriptorOf('second', 'the second')
    expect(other).toBe(descriptor)
    expect((await secrets.named(name)).text).toBe('the first')
    closeSync(other)
  })

  it('that nobody has named before is not looked for when the relay has started', async () => {
    const secrets = new RelaySecrets(signal)
    secrets.started()
    const descriptor = descriptorOf('late', 'late')
    const words = `fd:${descriptor} was not named when the relay started`
    await expect(secrets.named(`fd:${descriptor}`)).rejects.toThrow(words)
    closeSync(descriptor)
  })

  it('is one thing, and a file another: that is read anew', async () => {
    const secrets = new RelaySecrets(signal)
    const path = join(directory, 'a.token')
    for (const text of ['the first token of all', 'the second token of all']) {
      writeFileSync(path, text, { mode: 0o600 })
      expect((await secrets.named(path, 'token')).text).toBe(text)
      secrets.started()
    }
  })
})

/** Signals that come when the test says so. */
class Signals extends Interrupt {
  readonly #ended = new AbortController()
  #hangup: () => void = () => this.end()

  override get signal(): AbortSignal {
    return this.#ended.signal
  }

  override onHangup(then: () => void): void {
    this.#hangup = then
  }

  hangup(): void {
    this.#hangup()
  }

  end(): void {
    this.#ended.abort(new Error('interrupted'))
  }
}

describe('a SIGHUP', () => {
  it('that comes while the relay starts is done when it has started', async () => {
    const [interrupt, log] = [new Signals(), new FakeLog()]
    const output = new Output(new PassThrough().resume())
    const world = { output, interrupt, settings: {}, json: false, log }
    const given = { open: true, multicast: false, listen: '[::1]:0', 'log-level': 'info' }
    const running = relay.run(given, world as unknown as World)
    interrupt.hangup()
    const words = (): string[] => log.notes.map(([, word]) => word)
    await vi.waitFor(() => expect(words()).toContain('read anew'), { timeout: 8000 })
    interrupt.end()
    expect(await running).toBe(0)
  })
})
