/** What was thrown, which need be no error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** Calls a function of the program that nobody waits for: what it throws goes to `failed`. */
export function attempt(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    heed(call(), failed)
  } catch (error) {
    failed(error)
  }
}

/** What a function has given whose type knows no promise: one that rejects must not end the process. */
export function heed(given: unknown, failed: (error: unknown) => void): void {
  if (given instanceof Promise) given.catch(failed)
}
