/** Waits that the program may give up by a signal. */

/** Waits, but not longer than the signal allows. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    // Also where it is not waited for: what it rejects with has been heard.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
