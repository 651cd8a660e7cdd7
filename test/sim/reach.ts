/** Who may answer a process: whom recordings alone have made known cannot. */
import type { Process } from './process.ts'
import type { World } from './world.ts'

/** Whether an instance, if it is one of the world's, is in reach when nothing is broken. */
export function mayReach(world: World, from: Process, instance: bigint): boolean {
  const other = world.processes.find(({ peer }) => peer.instance === instance)
  return !other || world.reaches(from, other)
}
