/** What peers are called on the terminal: names are for people, ids tell apart who has one name. */
import type { Bus, BusError, PeerId } from '../index.ts'

/** Its name; its id, where it is not here. */
export function nameOf(bus: Bus, id: PeerId): string {
  return bus.presence.get(id)?.name ?? id
}

/** Its id, with the name that it has here. */
export function whoIs(bus: Bus, id: PeerId): string {
  const name = bus.presence.get(id)?.name
  return name === undefined ? id : `${id} (${name})`
}

/** What a peer has answered with, behind its name: the error names it, too. */
export function faultBy(from: PeerId, { code, message }: BusError): string {
  const prefix = `peer ${from} answers: `
  return `${code}: ${message.startsWith(prefix) ? message.slice(prefix.length) : message}`
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
