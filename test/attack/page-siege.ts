/** A realm whose members are told of pages by somebody who was one of them. */
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { Sealer } from '../../bus/core/seal/sealer.ts'
import { partsOf, readPageHead, splitPage } from '../../bus/core/wire/page.ts'
import { type PageTalk, writePageTalk } from '../../bus/core/wire/page-talk.ts'
import { Kind } from '../../bus/core/wire/packet.ts'
import { EpochRealm } from '../sim/epoch-realm.ts'
import type { Process } from '../sim/process.ts'
import { quickCrypto } from '../sim/quick.ts'
import { CLEAR } from '../sim/weather.ts'

/** A realm of two members and somebody who was one: it has the root, and says what it likes. */
export class Siege extends EpochRealm {
  readonly one: Process
  readonly other: Process
  readonly members: readonly Process[]
  readonly keys: RealmKeys
  #number = 0

  constructor(seed: number) {
    super(seed, CLEAR)
    this.one = this.member(false)
    this.other = this.member(true)
    this.members = [this.one, this.other]
    this.keys = new RealmKeys(quickCrypto, this.world.realms[0]!)
    this.wait(1000)
  }

  /** A packet about pages, sealed as everybody can who was ever a member. */
  packet(talk: PageTalk): Uint8Array {
    this.#number += 1
    const id = { kind: Kind.page, flags: 0, stream: 7, number: this.#number }
    return new Sealer(quickCrypto, this.keys, 0x99n).seal(id, writePageTalk(talk), this.keys.pages)
  }

  hear(bytes: Uint8Array): void {
    this.one.receive(bytes, { address: 'fe80::bad', port: 9 })
  }

  say(talk: PageTalk): void {
    this.hear(this.packet(talk))
  }

  /** Tells a page, head and parts. */
  tell(page: Uint8Array): void {
    const { head, body } = splitPage(page)!
    const id = this.idOf(page)
    this.say({ type: 'head', head })
    this.wait(50)
    for (const [index, part] of partsOf(body).entries()) {
      this.say({ type: 'part', page: id, index, part })
    }
    this.wait(2000)
  }

  /** Heads of the next epoch that nobody has signed, each another one. */
  *forgedHeads(count: number): Generator<Uint8Array> {
    const { head } = splitPage(this.page(1, { members: this.members }))!
    for (let i = 1; i <= count; i++) {
      const forged = head.slice()
      // The last hash, before a signature of 64 bytes.
      new DataView(forged.buffer).setUint32(forged.length - 64 - 4, i)
      yield forged
    }
  }

  idOf(page: Uint8Array): bigint {
    const { signed } = readPageHead(splitPage(page)!.head)!
    return new DataView(quickCrypto.hash(signed).buffer).getBigUint64(0)
  }

  /** Bytes that the first member has sent about pages, by asking it with `act`. */
  answered(act: () => void): number {
    const before = this.count(this.one, 'pagesSent')
    act()
    return this.count(this.one, 'pagesSent') - before
  }
}
