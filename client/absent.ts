/** What a page cannot do, or had better not: each call says so, and what to do instead. */
import { BusError } from '../bus/api/errors.ts'
import type { FileWork } from '../bus/api/file-work.ts'
import type { GrantOptions, NewRealm } from '../bus/api/grant-options.ts'
import type { Bus } from '../bus/api/options.ts'
import type { InviteOptions, Joined, JoinOptions, OpenInvitation } from '../bus/api/join-options.ts'
import type { RotateOptions, RotatingOptions, Rotation } from '../bus/api/rotate-options.ts'

/** Pages have no disk. */
export const noFiles: FileWork = {
  send: () => Promise.reject(unsupported('sendFile', FILES)),
  receive: () => {
    throw unsupported('receiveFiles', FILES)
  },
}

/** Throws UNSUPPORTED: a realm is made on a host. */
export function newRealm(_realm: string): NewRealm {
  throw unsupported('newRealm', OWNERS)
}

/** Rejects with UNSUPPORTED: rights are granted on a host. */
export function grant(_options: GrantOptions): Promise<string> {
  return Promise.reject(unsupported('grant', OWNERS))
}

/** Rejects with UNSUPPORTED: epochs are begun on a host. */
export function rotate(_options: RotateOptions): Promise<Rotation> {
  return Promise.reject(unsupported('rotate', OWNERS))
}

/** Throws UNSUPPORTED: epochs are begun on a host. */
export function rotating(_bus: Bus, _options: RotatingOptions): AsyncGenerator<Rotation, void> {
  throw unsupported('rotating', OWNERS)
}

/** Rejects with UNSUPPORTED: who invites has rights to hand on, which are for hosts. */
export function invite(_options: InviteOptions): Promise<OpenInvitation> {
  return Promise.reject(unsupported('invite', OWNERS))
}

/** Rejects with UNSUPPORTED: a code is called out on a network, and a page is on none. */
export function join(_code: string, _options?: JoinOptions): Promise<Joined> {
  const mend = 'it is on no network; join on Node, or give the page a key'
  return Promise.reject(unsupported('join', mend))
}

function unsupported(call: string, mend: string): BusError {
  return new BusError('UNSUPPORTED', `${call} is not for pages: ${mend}`)
}

const FILES = 'they have no files; publish the bytes as a message, or let a process on Node do it'
const OWNERS =
  "an owner's key is not to be in one; do it on Node, or by sixcast init and sixcast invite"
