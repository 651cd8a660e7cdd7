/**
 * What a box of a page holds.
 *
 *     secret    00 | epoch key (32)
 *               01 | control key (32) | varint n, n x (topic key (32) | block topic)
 */
import { concat } from '../bytes.ts'
import { textOf, utf8 } from '../text.ts'
import { parseTopic } from '../topic/pattern.ts'
import { Reader, Writer } from '../wire/cursor.ts'
import { listOf } from '../wire/page.ts'
import { KEY_SIZE } from './control-keys.ts'
import type { EpochSecret } from './keys.ts'

const TOPICS_MAX = 64
const TOPIC_SIZE_MAX = 255

export function writeSecret(secret: EpochSecret): Uint8Array {
  if ('key' in secret) return concat(Uint8Array.of(0), secret.key)
  const topics = secret.topics.map(({ prefix, key }) => ({ key, topic: utf8(prefix) }))
  const size = topics.reduce((sum, { topic }) => sum + KEY_SIZE + 8 + topic.length, 0)
  const writer = new Writer(1 + KEY_SIZE + 8 + size).uint8(1).put(secret.control)
  writer.varint(topics.length)
  for (const { key, topic } of topics) writer.put(key).block(topic)
  return writer.written
}

export function readSecret(bytes: Uint8Array): EpochSecret | undefined {
  const reader = new Reader(bytes)
  const kind = reader.uint8()
  const key = reader.take(KEY_SIZE).slice()
  if (kind === 0) return reader.failed || reader.left > 0 ? undefined : { key }
  const topics = listOf(reader, KEY_SIZE + 1, () => {
    const topicKey = reader.take(KEY_SIZE).slice()
    return { key: topicKey, prefix: textOf(reader.block(TOPIC_SIZE_MAX)) ?? '' }
  })
  const good = topics.length > 0 && topics.length <= TOPICS_MAX
  if (kind !== 1 || !good || reader.failed || reader.left > 0) return undefined
  return topics.every(({ prefix }) => parseTopic(prefix).ok) ? { control: key, topics } : undefined
}
