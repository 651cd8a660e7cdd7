/** What peers are called on the terminal: names are for people, ids tell apart who has one name. */
import type { Bus, PeerId } from '../index.ts'

/** Its name; its id, where it is not here. */
export function nameOf(bus: Bus, id: PeerId): string {
  return bus.presence.get(id)?.name ?? id
}

/** Its id, with the name that it has here. */
export function whoIs(bus: Bus, id: PeerId): string {
  const name = bus.presence.get(id)?.name
  return name === undefined ? id : `${id} (${name})`
}

/** As `nameOf`, but who has gone is known by the name that it had. */
export function rememberedNames(bus: Bus): (id: PeerId) => string {
  const nameById = new Map<PeerId, string>()
  return (id) => {
    const name = bus.presence.get(id)?.name ?? nameById.get(id) ?? id
    nameById.set(id, name)
    return name
  }
}
