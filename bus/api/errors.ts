/** The one error class of the bus; programs tell errors apart by `code`. */

export type BusErrorCode =
  /** The bus, subscription or transport has been closed. */
  | 'CLOSED'
  /** What was waited for did not come in time. */
  | 'TIMEOUT'
  /** No transport carries packets: no interface, no route. */
  | 'NO_PATH'
  /** The named network interface does not exist, is down or has no multicast. */
  | 'NO_INTERFACE'
  /** Another program holds the port without sharing it. */
  | 'PORT_IN_USE'
  /** The system refused: permission on a file or socket; or the realm's owner has not granted it. */
  | 'DENIED'
  | 'INVALID_TOPIC'
  | 'INVALID_PATTERN'
  | 'INVALID_OPTION'
  | 'INVALID_VALUE'
  /** A key, identity or rights, or a file of them: malformed, missing, another user's, readable. */
  | 'INVALID_KEY'
  | 'TOO_LARGE'
  /** A bound was hit: the send queue, or a subscription with overflow 'fail'. */
  | 'OVERFLOW'
  /** A named limit on topics or subscriptions was reached. */
  | 'LIMIT'
  /** There is no such file or folder, or it is of another kind. */
  | 'NO_FILE'
  /** A file of this name is there, and another one. */
  | 'EXISTS'
  /** A sender's name for a file that could do harm. */
  | 'UNSAFE_NAME'
  | 'NO_SPACE'
  /** A file is not what its hash says, or a variable has another version: it was written to. */
  | 'CHANGED'
  /** A peer has left before all of its file, or of its answer, had come. */
  | 'ABANDONED'
  /** Not in this runtime: a page has no files, and Node no vault. */
  | 'UNSUPPORTED'
  /** Nobody who is here answers such questions. */
  | 'NO_RESPONDER'
  /** Whoever could answer has as many questions at work as it takes. */
  | 'BUSY'
  /** Several peers expose a variable, or have an actor, that only one was meant to. */
  | 'CONFLICT'
  /** The function of a variable takes longer than it may. */
  | 'TOO_SLOW'
  /** There is no such actor: it was never spawned, has stopped, or has left with its peer. */
  | 'NO_ACTOR'
  /** As many messages wait for an actor as may. */
  | 'MAILBOX_FULL'
  /** The responder has failed. */
  | 'REMOTE'

/** A code of the bus, or one that a program's own responder has thrown. */
export type ErrorCode = BusErrorCode | (string & Record<never, never>)

/**
 * Every error the bus throws on purpose. The message names the value and the mend. Responders may
 * throw it with codes of their own, which askers get.
 */
export class BusError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BusError'
    this.code = code
  }
}
