/** What actors and calls have that say nothing else, in ms or as counts. */

export const MAILBOX = 1024
export const RESTARTS = 5
export const WINDOW_MS = 60_000
export const BACKOFF_MS = 100
/** Restarts do not become rarer than this. */
export const BACKOFF_MAX_MS = 30_000
export const TIMEOUT_MS = 5000
/** For so long a message at work is waited for when its actor is closed. */
export const STOP_MS = 5000
export const DAY_MS = 86_400_000
