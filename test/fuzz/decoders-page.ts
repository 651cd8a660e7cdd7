/** Pages of epochs and what is said about them, and their decoders. */
import { readSecret, writeSecret } from '../../bus/core/seal/epoch-secret.ts'
import {
  joinPage,
  readPageBody,
  readPageHead,
  splitPage,
  writePageBody,
  writePageHead,
} from '../../bus/core/wire/page.ts'
import { readPageTalk, writePageTalk } from '../../bus/core/wire/page-talk.ts'
import { parsePage, pageText } from '../../bus/io/page.ts'
import { pageVectors } from '../vectors/pages.ts'
import { bounded, type Decoder, same, shape, thrown } from './decoder.ts'

interface Pages {
  readonly head: { readonly bytes: Uint8Array }
  readonly body: Uint8Array
  readonly members: readonly { readonly secret: Uint8Array }[]
  readonly talks: Readonly<Record<string, Uint8Array>>
}

const pages = pageVectors() as unknown as Pages

export const pageDecoders: readonly Decoder[] = [
  {
    name: 'head of a page',
    seeds: [pages.head.bytes],
    outcome: (bytes) => {
      const read = bounded(readPageHead(bytes), bytes)
      if (!read) return 'none'
      const { head, signature } = read
      const again = new Uint8Array([...writePageHead(head), ...signature])
      same(readPageHead(again)?.head, head)
      return `${head.hashes.length} ${head.flags}`
    },
  },
  {
    name: 'body of a page',
    seeds: [pages.body],
    outcome: (bytes) => {
      const read = bounded(readPageBody(bytes), bytes)
      if (read) same(readPageBody(writePageBody(read)), read)
      return shape(read)
    },
  },
  {
    name: 'page',
    seeds: [joinPage(pages.head.bytes, pages.body)],
    outcome: (bytes) => {
      const split = splitPage(bytes)
      if (split) same(splitPage(joinPage(split.head, split.body)), split)
      return thrown(() => parsePage(pageText(bytes), 'x'))
    },
  },
  {
    name: 'talk about pages',
    seeds: Object.values(pages.talks),
    outcome: (bytes) => {
      const read = bounded(readPageTalk(bytes), bytes)
      if (read) same(readPageTalk(writePageTalk(read)), read)
      return shape(read)
    },
  },
  {
    name: 'secret of an epoch',
    seeds: pages.members.map(({ secret }) => secret),
    outcome: (bytes) => {
      const read = bounded(readSecret(bytes), bytes)
      if (read) same(readSecret(writeSecret(read)), read)
      return shape(read)
    },
  },
]
