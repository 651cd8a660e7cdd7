/** What a scope means for UDP: how far datagrams go, how large they are, and how to look for a route. */
import type { Scope } from '../api/options.ts'

/** Nobody joins or sends to it: it only asks the kernel for a route. */
export function probeGroup(scope: Scope): string {
  const nibble = { host: 1, link: 2, site: 5, organisation: 8, global: 'e' }[scope]
  return `ff1${nibble}::8000:0`
}

export function defaultHops(scope: Scope): number {
  if (scope === 'host') return 0
  return scope === 'link' ? 1 : 16
}

export function defaultSize(scope: Scope): number {
  return scope === 'host' ? 60_000 : 1_232
}
