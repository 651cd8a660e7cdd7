/** A backbone in memory: what is published to a subject comes to all others who have subscribed to it. */
import type { Backbone, BackboneHost } from '../../../../relay/index.ts'

export class Exchange {
  readonly #members = new Set<Member>()
  /** All that was published while somebody could hear it. */
  readonly published: { readonly subject: string; readonly message: Uint8Array }[] = []
  #isUp: boolean

  constructor(isUp = true) {
    this.#isUp = isUp
  }

  member(): Backbone {
    return new Member(this)
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** How many have subscribed to a subject. */
  count(subject: string): number {
    return [...this.#members].filter(({ subjects }) => subjects.has(subject)).length
  }

  enter(member: Member): void {
    this.#members.add(member)
    if (this.#isUp) member.host?.up()
    else member.host?.down('nobody answers')
  }

  leave(member: Member): void {
    this.#members.delete(member)
  }

  carry(subject: string, message: Uint8Array, from?: Member): void {
    this.published.push({ subject, message })
    for (const member of this.#members) {
      if (member === from || !member.subjects.has(subject)) continue
      // Never within the call of who publishes.
      queueMicrotask(() => {
        if (this.#isUp) member.host?.message(subject, message.slice())
      })
    }
  }

  down(): void {
    this.#isUp = false
    for (const member of this.#members) {
      member.subjects.clear()
      member.host?.down('the exchange is closed')
    }
  }

  up(): void {
    this.#isUp = true
    for (const member of this.#members) member.host?.up()
  }
}

class Member implements Backbone {
  readonly name = 'memory'
  readonly subjects = new Set<string>()
  readonly #exchange: Exchange
  host: BackboneHost | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  open(host: BackboneHost): void {
    this.host = host
    this.#exchange.enter(this)
  }

  subscribe(subject: string): void {
    this.subjects.add(subject)
  }

  unsubscribe(subject: string): void {
    this.subjects.delete(subject)
  }

  publish(subject: string, message: Uint8Array): boolean {
    if (!this.#exchange.isUp || message.length > (this.host?.bufferSize ?? 0)) return false
    this.#exchange.carry(subject, message, this)
    return true
  }

  async close(): Promise<void> {
    this.#exchange.leave(this)
  }
}
