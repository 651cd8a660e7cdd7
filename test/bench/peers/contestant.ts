/** What a way of messaging must do to take part: one topic, one publisher, many subscribers. */

/** Where the processes of one run meet. */
export interface Where {
  /** `net`: the publisher, the broker and each subscriber on a host of its own. */
  readonly place: Place
  /** Where the broker listens, or the publisher where there is none. */
  readonly address: string
  readonly port: number
  /** A folder for sockets that have a path. */
  readonly folder: string
  /** 64 hexadecimal digits, new for each run. */
  readonly key: string
}

export type Place = 'host' | 'net'

export interface Contestant {
  /** What its rows of the table say it promises. */
  readonly label: string
  readonly broker?: Broker
  publisher(where: Where): Promise<Outlet>
  /** `heard` counts, and does not keep the bytes. */
  subscriber(where: Where, heard: (payload: Uint8Array) => void): Promise<Ending>
}

export interface Broker {
  readonly command: string
  /** The package of Debian that has it. */
  readonly debian: string
  args(where: Where): readonly string[]
}

export interface Outlet extends Ending {
  /** Publishes the messages of one turn; their bytes stay as they are until all are acknowledged. */
  turn(payloads: readonly Uint8Array[]): void | Promise<void>
  /** What it says of its own working; `native`, of what promises a fast path: whether it has one. */
  about?(): Readonly<Record<string, unknown>>
}

export interface Ending {
  close(): void | Promise<void>
}
