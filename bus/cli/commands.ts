/** The commands that there are, and what of each may be given several times. */
import type { Command } from './command.ts'
import { demo } from './demo.ts'
import { demoPeer } from './demo-peer.ts'
import { acl } from './acl.ts'
import { agent } from './agent.ts'
import { expose } from './expose.ts'
import { get } from './get.ts'
import { identity } from './identity.ts'
import { init } from './init.ts'
import { invite } from './invite.ts'
import { join } from './join.ts'
import { keygen } from './keygen.ts'
import { keys } from './keys.ts'
import { members } from './members.ts'
import { peers } from './peers.ts'
import { pub } from './pub.ts'
import { receive } from './receive.ts'
import { relay } from './relay.ts'
import { reply } from './reply.ts'
import { req } from './req.ts'
import { revoke } from './revoke.ts'
import { send } from './send.ts'
import { set } from './set.ts'
import { sub } from './sub.ts'
import { topics } from './topics.ts'
import { watch } from './watch.ts'
import { when } from './when.ts'

export const COMMANDS: readonly Command[] = [
  demo,
  pub,
  sub,
  req,
  reply,
  get,
  watch,
  when,
  set,
  expose,
  agent,
  send,
  receive,
  peers,
  topics,
  relay,
  keygen,
  keys,
  identity,
  init,
  invite,
  join,
  members,
  revoke,
  acl,
  demoPeer,
]

/** Whether it may be given several times. */
export function mayRepeat({ repeatable = [] }: Command, name: string): boolean {
  return SHARED.has(name) || repeatable.includes(name)
}

/** Of every command. */
const SHARED: ReadonlySet<string> = new Set(['_', 'interface', 'relay', 'peer'])
