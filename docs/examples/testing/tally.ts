/** A program under test: counts votes, and knows of how many it was told that they are lost. */
import type { Bus } from 'sixcast'

export class Tally {
  readonly votes = new Map<string, number>()
  lost = 0

  constructor(bus: Bus) {
    bus.subscribe('votes/{party}', ({ params: { party } }) => {
      this.votes.set(party, (this.votes.get(party) ?? 0) + 1)
    })
    void this.#watch(bus)
  }

  async #watch(bus: Bus): Promise<void> {
    for await (const event of bus.events()) if (event.type === 'gap') this.lost += event.count
  }
}
