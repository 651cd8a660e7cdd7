/** The public type of a message, and of what the pattern says of its topic. */
import type { PeerId } from './terms.ts'

/** The parameters that `{name}` segments of a pattern capture; of a mere `string` any name. */
export type Params<P extends string> = { readonly [name in ParamName<P>]: string }

type ParamName<P extends string> = string extends P
  ? string
  : P extends `${infer Head}/${infer Tail}`
    ? ParamName<Head> | ParamName<Tail>
    : P extends `{${infer Name}}`
      ? Name
      : never

export interface Message<T = unknown, P extends string = string> {
  readonly type: 'message'
  readonly topic: string
  readonly params: Params<P>
  readonly value: T
  readonly from: PeerId
  /** Position in the publisher's stream of this topic, from 0, without holes. */
  readonly sequence: number
  /** The publisher's clock when the message was packed, ms since 1970. */
  readonly sentAt: number
  /** True where it shares: the message was given to another one before, who may have begun it. */
  readonly again?: boolean
}
