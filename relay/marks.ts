/** What anybody can see of a group. */
import { SCOPES, type ScopeName } from '../bus/core/path/group.ts'

/** A group of the bus, not one of the network's own such as all routers. */
export function isGroup(group: string, scope: ScopeName): boolean {
  const words = group.split(':')
  const id = Number.parseInt(words[6] ?? '', 16)
  return words[0] === `ff1${SCOPES[scope].toString(16)}` && id >= 0x8000
}
