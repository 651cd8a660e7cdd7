/**
 * Every decoder that the fuzzer feeds, beside a second one where there is one; test/unit/fuzz/registry.test.ts finds those that are missing.
 */
import type { Decoder } from './decoder.ts'
import { actorDecoders } from './decoders-actors.ts'
import { answerDecoders } from './decoders-answers.ts'
import { backboneDecoders } from './decoders-backbone.ts'
import { pageDecoders } from './decoders-page.ts'
import { questionDecoders } from './decoders-questions.ts'
import { compared } from './differential.ts'
import { talkDecoders } from './decoders-talk.ts'
import { textDecoders } from './decoders-text.ts'
import { wireDecoders } from './decoders-wire.ts'

export const decoders: readonly Decoder[] = [
  ...wireDecoders,
  ...actorDecoders,
  ...answerDecoders,
  ...backboneDecoders,
  ...pageDecoders,
  ...questionDecoders,
  ...talkDecoders,
  ...textDecoders,
].map((decoder) => compared(decoder))
