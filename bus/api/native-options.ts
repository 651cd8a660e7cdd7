/** The public types of the fast path, by which one system call carries many datagrams. */

export interface NativeOptions {
  /** False: each datagram costs a system call. Default: true, where the machine lets it be had. */
  readonly native?: boolean
}

/** Whether system calls carry many datagrams now, and why (not). */
export interface Native {
  readonly inUse: boolean
  readonly reason: string
}

/** One system call carries one datagram from now on, and `reason` says why. */
export interface NativeEvent extends Native {
  readonly type: 'native'
}
