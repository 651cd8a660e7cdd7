/** What a hostile member sends in answer: pieces that fit nothing, acknowledgements of anything. */
import { Writer } from '../../bus/core/wire/cursor.ts'
import { writeDirect } from '../../bus/core/wire/direct.ts'
import { VARINT_MAX } from '../../bus/core/wire/varint.ts'
import type { Random } from '../../bus/testing/random.ts'
import type { Member } from './member.ts'
import type { Target } from './target.ts'

/** A piece of an answer to the target; what it has asked is on the topics of its own program. */
export function hostileAnswer(random: Random, member: Member, target: Target): Uint8Array {
  const asker = target.sender
  const delivery = random.pick(['reliable', 'best-effort', 'latest'])
  const topic = `own/${delivery}/${random.integer(0, 12)}`
  const stream = random.integer(1, 24)
  const number = random.chance(0.95) ? ++member.answers : random.integer(0, member.answers)
  const size = random.chance(0.5) ? random.integer(256, 1000) : random.integer(0, 300)
  const rest = random.chance(0.6) ? 0 : random.pick([1, 700, 3000, 2 ** 40])
  const offset = random.chance(0.7) ? 0 : random.integer(0, 1000)
  const id = random.chance(0.9) ? Math.max(1, number - random.integer(0, 4)) : random.word()
  const previous = random.chance(0.6) ? id - 1 : random.integer(0, id)
  const odd = random.chance(0.05)
  const direct = { id, previous, offset, totalSize: odd ? VARINT_MAX : offset + size + rest }
  const body = writeDirect(new Writer(1100), { ...direct, bytes: random.bytes(size) })
  if (!asker || random.chance(0.02)) return member.control(body)
  const flags = random.pick([0, 0, 0, 0, 0, 0, 0, 1, 2])
  return member.direct({ asker, topic, stream }, { number, flags, body })
}
