/** What a call of `subscribe` says, in whichever form it was made: checked, or refused. */
import { type Pattern, parsePattern } from '../core/topic/pattern.ts'
import { BusError } from './errors.ts'
import type { Handler, Message, SubscribeOptions } from './options.ts'
import { SUBSCRIBE } from './option-rules.ts'
import { checkOptions, kindOf } from './rules.ts'
import { textOf, type Topic } from './topic.ts'

export interface SubscribeCall {
  readonly pattern: Pattern
  readonly handler: Handler<Message> | undefined
  readonly options: SubscribeOptions<unknown>
}

export function subscribeCall(
  to: string | Topic<unknown>,
  second?: Handler<Message> | SubscribeOptions<unknown>,
  third?: SubscribeOptions<unknown>,
): SubscribeCall {
  const handler = typeof second === 'function' ? second : undefined
  if (!handler && third !== undefined) {
    const fault = `the handler of subscribe is ${kindOf(second)}, and options follow it`
    throw new BusError('INVALID_OPTION', `${fault}: subscribe(pattern, handler, options)`)
  }
  const given = typeof second === 'function' ? third : second
  checkOptions('subscribe', given, SUBSCRIBE)
  if (handler && (given?.gaps || given?.live)) {
    const [name, mend] = given.gaps
      ? ['gaps', 'iterate the subscription, or read gaps from bus.events()']
      : ['live', 'iterate the subscription']
    throw new BusError('INVALID_OPTION', `a handler gets messages, but "${name}" is true: ${mend}`)
  }
  assertSharing(given)
  assertFromNowOn(given)
  const ofTopic = typeof to === 'object' && to !== null ? to.schema : undefined
  checkOptions('subscribe', { schema: ofTopic }, SUBSCRIBE)
  const schema = given?.schema ?? ofTopic
  const parsed = parsePattern(textOf(to))
  if (!parsed.ok) throw new BusError('INVALID_PATTERN', parsed.fault)
  return { pattern: parsed.pattern, handler, options: { ...given, ...(schema && { schema }) } }
}

/** What only members of a group can say. */
export function assertSharing({ share, again }: { share?: string; again?: boolean } = {}): void {
  if (share !== undefined || again === undefined) return
  const mend = 'give "share", the name of a group, or leave it out'
  throw new BusError('INVALID_OPTION', `"again" is ${again} without "share": ${mend}`)
}

/** Who shares gets what is chosen for it, from now on. */
function assertFromNowOn({ share, history }: SubscribeOptions<unknown> = {}): void {
  if (share === undefined || history === undefined) return
  const mend = 'members of a group are given what is published from then on; leave one of them out'
  throw new BusError('INVALID_OPTION', `"history" is given with "share": ${mend}`)
}
