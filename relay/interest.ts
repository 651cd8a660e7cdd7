/** Which groups each face of a relay wants, as the peers behind it have said. */

export interface InterestOptions {
  /** Entries in all. */
  readonly sizeMax: number
  /** Entries of one instance. */
  readonly ownMax: () => number
  /** A group is wanted by another set of faces than before. */
  readonly changed: (group: string) => void
  /** An entry found no room, or had to take another's. */
  readonly full: () => void
  /** An instance wants more than one may. */
  readonly refused: () => void
}

interface Change {
  readonly face: string
  readonly by: number
}

interface Wishes {
  faces: readonly string[]
  readonly groups: Set<string>
}

interface Wanted {
  readonly untilByInstance: Map<bigint, number>
  /** How many instances behind each face want it. */
  readonly countByFace: Map<string, number>
}

export class Interest {
  readonly #options: InterestOptions
  readonly #wantedByGroup = new Map<string, Wanted>()
  /** By which faces each instance is reached that wants anything. */
  readonly #wishesByInstance = new Map<bigint, Wishes>()
  #size = 0

  constructor(options: InterestOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#size
  }

  wants(face: string, group: string): boolean {
    return this.#wantedByGroup.get(group)?.countByFace.has(face) === true
  }

  /** Whether any other face wants it. */
  wantedBeside(face: string, group: string): boolean {
    const { countByFace } = this.#wantedByGroup.get(group) ?? NOBODY
    return countByFace.size > (countByFace.has(face) ? 1 : 0)
  }

  get groups(): Iterable<string> {
    return this.#wantedByGroup.keys()
  }

  /** An instance behind these faces wants a group until then; in the past: no more. */
  want(
    instance: bigint,
    {
      faces,
      group,
      until,
    }: { readonly faces: readonly string[]; readonly group: string; readonly until: number },
    now: number,
  ): void {
    if (until <= now) return this.#drop(instance, group)
    const known = this.#wishesByInstance.get(instance)
    if (known?.groups.has(group)) {
      this.#wantedByGroup.get(group)!.untilByInstance.set(instance, until)
      return
    }
    const wishes = known ?? { faces, groups: new Set<string>() }
    const { sizeMax, ownMax, full, refused } = this.#options
    if (wishes.groups.size >= ownMax()) return refused()
    if (this.#size >= sizeMax) {
      full()
      if (!this.#makeRoom(wishes.groups.size)) return
    }
    this.#wishesByInstance.set(instance, wishes)
    wishes.groups.add(group)
    const wanted = this.#wantedByGroup.get(group) ?? newWanted()
    this.#wantedByGroup.set(group, wanted)
    wanted.untilByInstance.set(instance, until)
    this.#size += 1
    for (const face of wishes.faces) this.#count(group, wanted.countByFace, { face, by: 1 })
  }

  /** The instance is behind other faces now. */
  move(instance: bigint, faces: readonly string[]): void {
    const wishes = this.#wishesByInstance.get(instance)
    if (!wishes || isSame(wishes.faces, faces)) return
    for (const group of wishes.groups) {
      const { countByFace } = this.#wantedByGroup.get(group)!
      for (const face of faces) this.#count(group, countByFace, { face, by: 1 })
      for (const face of wishes.faces) this.#count(group, countByFace, { face, by: -1 })
    }
    wishes.faces = faces
  }

  forget(instance: bigint): void {
    for (const group of this.#wishesByInstance.get(instance)?.groups ?? []) {
      this.#drop(instance, group)
    }
  }

  expire(now: number): void {
    for (const [group, { untilByInstance }] of this.#wantedByGroup) {
      for (const [instance, until] of untilByInstance) {
        if (until <= now) this.#drop(instance, group)
      }
    }
  }

  /** Who wants less than its equal share takes the place of who wants most; whether there was one. */
  #makeRoom(held: number): boolean {
    if (held >= this.#options.sizeMax / (this.#wishesByInstance.size + 1)) return false
    let [largest, most] = [0n, held + 1]
    for (const [instance, { groups }] of this.#wishesByInstance) {
      if (groups.size > most) [largest, most] = [instance, groups.size]
    }
    const [group] = this.#wishesByInstance.get(largest)?.groups ?? []
    if (group !== undefined) this.#drop(largest, group)
    return group !== undefined
  }

  #drop(instance: bigint, group: string): void {
    const wishes = this.#wishesByInstance.get(instance)
    if (!wishes?.groups.delete(group)) return
    if (wishes.groups.size === 0) this.#wishesByInstance.delete(instance)
    const wanted = this.#wantedByGroup.get(group)!
    wanted.untilByInstance.delete(instance)
    if (wanted.untilByInstance.size === 0) this.#wantedByGroup.delete(group)
    this.#size -= 1
    for (const face of wishes.faces) this.#count(group, wanted.countByFace, { face, by: -1 })
  }

  #count(group: string, countByFace: Map<string, number>, change: Change): void {
    const { face, by } = change
    const before = countByFace.get(face) ?? 0
    if (before + by > 0) countByFace.set(face, before + by)
    else countByFace.delete(face)
    if (before === 0 || before + by === 0) this.#options.changed(group)
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((face, at) => face === b[at])
}

function newWanted(): Wanted {
  return { untilByInstance: new Map(), countByFace: new Map() }
}

const NOBODY = newWanted()
