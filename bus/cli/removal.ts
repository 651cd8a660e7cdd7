/** Tells a command that the owner of its realm has removed this member. */
import { epochFault } from '../api/epoch-watch.ts'
import { type Bus, BusError } from '../index.ts'

/** Resolves when that is heard, with the error that ends the command, or with nothing at the end. */
export async function removal(bus: Bus): Promise<BusError | undefined> {
  for await (const event of bus.events()) {
    if (event.type !== 'epoch') continue
    if (event.state !== 'revoked' && event.state !== 'excluded') continue
    return new BusError('DENIED', epochFault(event, bus.realm) ?? '')
  }
  return undefined
}

/** Rejects with what put this member out; resolves when the bus has been closed without that. */
export async function orThrow(out: ReturnType<typeof removal>): Promise<void> {
  const error = await out
  if (error) throw error
}
