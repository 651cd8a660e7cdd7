/** What a lab is made of, as a test writes it down, checked and with its defaults filled in. */

/**
 * Segments by name. A host named in several segments stands on their border: eth0, eth1, … Named
 * twice in one segment, it has two interfaces there.
 */
export type LabPlan = Readonly<Record<string, readonly string[] | SegmentPlan>>

interface SegmentPlan extends SegmentOptions {
  readonly hosts?: readonly string[]
}

interface SegmentOptions {
  /** A snooping switch sends a group to its members only; a plain one floods (the default). */
  readonly snooping?: boolean
  /** Asks the hosts for their groups; without one snooping floods. Follows `snooping`. */
  readonly querier?: boolean
  /**
   * The longest a host may take to answer the querier. A switch floods for this long after its
   * start. The kernel's default is 10 s; a short one saves a test the wait.
   */
  readonly queryResponseMs?: number
  readonly mtu?: number
}

export interface SegmentSpec extends Required<SegmentOptions> {
  readonly name: string
  readonly hosts: readonly string[]
}

export function readPlan(plan: LabPlan): SegmentSpec[] {
  return Object.entries(plan).map(([name, given]) => {
    const {
      hosts = [],
      snooping = false,
      ...options
    } = isHostList(given) ? { hosts: given } : given
    for (const word of [name, ...hosts]) checkName(word)
    return {
      querier: snooping,
      queryResponseMs: 10_000,
      mtu: 1500,
      ...options,
      name,
      hosts,
      snooping,
    }
  })
}

function isHostList(given: readonly string[] | SegmentPlan): given is readonly string[] {
  return Array.isArray(given)
}

/** An interface name holds 15 characters, and a port is named `host.eth0` or even `host.eth10`. */
function checkName(name: string): void {
  if (/^[a-z][a-z0-9]{0,8}$/.test(name) && name !== 'switch') return
  throw new Error(`${name} cannot name a host or segment: use 1 to 9 of a-z and 0-9, not "switch"`)
}
