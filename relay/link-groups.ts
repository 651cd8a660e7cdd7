/** Which groups each link of a peer has joined, a link by its private port. */

export class LinkGroups {
  readonly #groupsByPort = new Map<number, Set<string>>()
  /** How many each may join, as it was told. */
  readonly #maxByPort = new Map<number, number>()
  readonly #portsByGroup = new Map<string, Set<number>>()
  /** A group has its first member, or none any more. */
  readonly #changed: (group: string) => void

  constructor(changed: (group: string) => void) {
    this.#changed = changed
  }

  /** Every group that any link has joined. */
  get groups(): Iterable<string> {
    return this.#portsByGroup.keys()
  }

  /** Groups that any link has joined. */
  get size(): number {
    return this.#portsByGroup.size
  }

  /**
   * Or there is another one in the place of one that broke, and has joined what that had. `max`:
   * groups that it may join.
   */
  opened(port: number, max: number): void {
    this.#maxByPort.set(port, max)
    if (!this.#groupsByPort.has(port)) this.#groupsByPort.set(port, new Set())
  }

  closed(port: number): void {
    const groups = this.#groupsByPort.get(port) ?? []
    this.#groupsByPort.delete(port)
    this.#maxByPort.delete(port)
    for (const group of groups) this.#left(port, group)
  }

  isLink(port: number): boolean {
    return this.#groupsByPort.has(port)
  }

  /** Groups that this link has joined. */
  count(port: number): number {
    return this.#groupsByPort.get(port)?.size ?? 0
  }

  has(port: number, group: string): boolean {
    return this.#groupsByPort.get(port)?.has(group) === true
  }

  isJoined(group: string): boolean {
    return this.#portsByGroup.has(group)
  }

  /** The links that have joined it. */
  members(group: string): readonly number[] {
    return [...(this.#portsByGroup.get(group) ?? [])]
  }

  /** False when the link has joined as many as it may. */
  join(port: number, group: string): boolean {
    const groups = this.#groupsByPort.get(port)
    if (!groups || groups.has(group)) return true
    if (groups.size >= (this.#maxByPort.get(port) ?? 0)) return false
    groups.add(group)
    const ports = this.#portsByGroup.get(group)
    if (ports) ports.add(port)
    else this.#portsByGroup.set(group, new Set([port]))
    if (!ports) this.#changed(group)
    return true
  }

  leave(port: number, group: string): void {
    if (this.#groupsByPort.get(port)?.delete(group)) this.#left(port, group)
  }

  #left(port: number, group: string): void {
    const ports = this.#portsByGroup.get(group)
    ports?.delete(port)
    if (!ports || ports.size > 0) return
    this.#portsByGroup.delete(group)
    this.#changed(group)
  }
}
