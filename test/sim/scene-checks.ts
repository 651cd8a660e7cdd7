/** What must hold on scenes of segments, relays and named peers: everything everywhere, once as a rule. */
import { expect } from 'vitest'
import type { Process } from './process.ts'
import type { Scene } from './scene.ts'

export function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1)
}

/** Nobody lacks anything of those that have met. */
export function whole(scene: Scene, among?: readonly Process[]): void {
  for (const { delivered, lost, published } of scene.accounts(among)) {
    expect({ delivered, lost }).toEqual({ delivered: published, lost: 0 })
  }
}

/** Everybody has everything of everybody else. */
export function complete(scene: Scene): void {
  const { length } = scene.processes
  expect(scene.accounts().length).toBe(length * (length - 1))
  whole(scene)
}

/** After `meetMs`, in which all find each other, each packet comes to everybody once. */
export function once(scene: Scene, meetMs: number): void {
  scene.publish(1, 0)
  scene.wait(meetMs)
  unrepeated(scene, { each: 20, overMs: 2000 })
}

/** Whatever breaks and starts anew: nothing is lost, and then all is as if nothing had happened. */
export function weather(scene: Scene): void {
  scene.publish(20, 6000)
  scene.storm(6000)
  scene.wait(9000)
  scene.world.network.heal()
  scene.lose(0)
  scene.wait(20_000)
  complete(scene)
  unrepeated(scene, { each: 5, overMs: 1000 })
}

function unrepeated(
  scene: Scene,
  { each, overMs }: { readonly each: number; readonly overMs: number },
): void {
  const before = repeats(scene)
  scene.publish(each, overMs)
  scene.wait(4000)
  complete(scene)
  expect(repeats(scene)).toEqual(before)
}

function repeats(scene: Scene): number[] {
  return scene.processes.map(({ peer: { metrics } }) => {
    return metrics.get('duplicate') + metrics.get('replayed') + metrics.get('repairsSent')
  })
}
