/** Two peers at a relay whose links are good, beside those that are not: what one publishes comes to the other. */
import type { Bus, Gap, Message } from '../../bus/index.ts'
import { busAt } from '../unit/relay/world.ts'

export class Beside {
  readonly #publisher: Bus
  readonly #items: AsyncIterator<Message | Gap>
  #count = 0

  private constructor(publisher: Bus, items: AsyncIterator<Message | Gap>) {
    this.#publisher = publisher
    this.#items = items
  }

  static async at(url: string): Promise<Beside> {
    const [publisher, subscriber] = [await busAt(url), await busAt(url)]
    const items = subscriber.subscribe('beside', { gaps: true })[Symbol.asyncIterator]()
    await publisher.matched('beside', { timeout: 8000 })
    return new Beside(publisher, items)
  }

  /** Some more messages, which all come, in order. */
  async goesOn(count = 50): Promise<void> {
    const sent = Array.from({ length: count }, () => this.#count++)
    for (const number of sent) this.#publisher.publish('beside', number)
    for (const number of sent) {
      const { value: item } = await this.#items.next()
      const got = item && 'value' in item ? item.value : item
      if (got !== number) throw new Error(`${JSON.stringify(got)} came in place of ${number}`)
    }
  }
}
