/** What the demo's processes say to one another, and the work that each of them is given. */

/** What a process of the demo does. */
export type Duty =
  | { readonly type: 'publish'; readonly name: string; readonly reading: ReadingName }
  | { readonly type: 'subscribe'; readonly name: string; readonly patterns: readonly string[] }

export type ReadingName = 'load' | 'memory' | 'network'

export type ToMember =
  | {
      readonly type: 'start'
      readonly duty: Duty
      /** The demo's own key: it travels only here, never in the command line. */
      readonly key: Uint8Array
      readonly port: number | undefined
      readonly linger: number | undefined
      /** Processes in all. */
      readonly crew: number
    }
  /** Everybody is there: publishers begin. */
  | { readonly type: 'go' }
  /** Close the bus and say what was counted. */
  | { readonly type: 'stop' }

export type FromMember =
  /** Hears every other process. */
  | { readonly type: 'ready' }
  | { readonly type: 'report'; readonly report: DeliveryReport }
  | { readonly type: 'done'; readonly report: DeliveryReport }
  /** It could not go on; the first process tells the user. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string }

/** Counted by the buses themselves. */
export interface DeliveryReport {
  readonly packetsSent: number
  readonly bytesSent: number
  readonly delivered: number
  readonly gaps: number
  /** Messages published, by topic. */
  readonly published: ReadonlyMap<string, number>
  /** The newest value of each topic, as a subscriber got it. */
  readonly latest: ReadonlyMap<string, unknown>
}
