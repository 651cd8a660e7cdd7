/** What is kept of another instance from the moment it is admitted. */
import { answerTo, type Endpoint } from '../output.ts'
import type { Remote } from './context.ts'
import type { Rights } from '../rights.ts'
import type { Sender } from '../seal/control-keys.ts'
import { EpochKey } from '../seal/epochs.ts'
import { ReplayWindow } from '../seal/replay.ts'
import { textOf } from '../text.ts'
import type { Hello } from '../wire/hello.ts'

export function newRemote(
  now: number,
  parts: {
    readonly sender: Sender
    readonly hello: Hello
    readonly from: Endpoint
    readonly rights: Rights | undefined
  },
): Remote {
  const { hello, from, rights } = parts
  const { instance } = parts.sender
  // Copies: views would keep the whole hello for as long as its sender is here.
  const [salt, identity] = [parts.sender.salt.slice(), parts.sender.identity.slice()]
  const sender = { instance, salt, identity }
  const name = textOf(hello.name) ?? ''
  return {
    instance,
    sender,
    entry: { instance, identity, name, tags: tagsOf(hello.tags), since: now },
    port: hello.port,
    controlKey: new EpochKey((keys) => keys.controlKeyOf(sender)),
    window: new ReplayWindow(hello.controlNumber),
    rights,
    bindings: new Map(),
    closed: new Map(),
    inflows: new Map(),
    endpoint: answerTo(from, hello.port),
    multicastHigh: hello.controlNumber,
    heardAt: now,
    intervalMs: hello.intervalMs,
    streamCount: 0,
    bound: 0,
    wantAt: Infinity,
    wantMs: 0,
    wanted: new Set(),
    detached: new Map(),
    asking: new Set(),
    wantedAt: -Infinity,
    expiry: undefined,
    challenge: hello.challenge,
    knows: false,
    met: 0,
  }
}

/** It has said hello again, and it is proved that this was lately. */
export function refresh(now: number, remote: Remote, hello: Hello, from: Endpoint): void {
  remote.heardAt = now
  remote.intervalMs = hello.intervalMs
  remote.challenge = hello.challenge
  remote.port = hello.port
  remote.endpoint = answerTo(from, hello.port)
}

function tagsOf(tags: readonly Uint8Array[]): Record<string, string> {
  const entries: [string, string][] = []
  for (const tag of tags) {
    const text = textOf(tag) ?? ''
    const equals = text.indexOf('=')
    if (equals > 0) entries.push([text.slice(0, equals), text.slice(equals + 1)])
  }
  return Object.fromEntries(entries)
}
