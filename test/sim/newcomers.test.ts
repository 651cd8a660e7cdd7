/** Newcomers to a crowd, which are answered alone: they are met, and lose nothing, also without that. */
import { describe, expect, it } from 'vitest'
import { Scene } from './scene.ts'
import { complete, seeds, whole } from './scene-checks.ts'

const CROWD = 20

describe('newcomers to a crowd', () => {
  it.each(seeds(3).flatMap((seed) => [0, 0.05].map((loss) => ({ seed, loss }))))(
    'get all that is said, and are heard by all: %o',
    ({ seed, loss }) => {
      const scene = new Scene(seed, { loss, peers: Array(CROWD).fill(0), relays: [] })
      for (const ms of [0, 0, 0, 300, 700]) scene.at(ms, () => scene.launch())
      scene.wait(2500)
      scene.publish(3, 1000)
      scene.wait(4000)
      complete(scene)
    },
  )

  it('are met by all where unicast does not pass, too, though not at once', () => {
    const scene = new Scene(1, { peers: Array(CROWD).fill(0), relays: [] })
    scene.world.network.unicast = false
    const newcomers = [scene.launch(), scene.launch()]
    scene.wait(6000)
    scene.publish(3, 500)
    scene.wait(4000)
    complete(scene)
    whole(scene, newcomers)
  })

  it('are met by a crowd that a relay listens to, and behind the relay', () => {
    const scene = new Scene(1, { peers: Array(CROWD).fill(0), relays: [[0, 1]] })
    scene.launch(1)
    scene.launch(0)
    scene.wait(2000)
    scene.publish(3, 500)
    scene.wait(4000)
    complete(scene)
    expect(scene.processes.length).toBe(CROWD + 2)
  })
})
