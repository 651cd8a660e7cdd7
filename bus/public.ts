/** The one list of public names. */
export { BusError, type BusErrorCode } from './api/errors.ts'
export type * from './api/file-options.ts'
export type * from './api/grant-options.ts'
export type * from './api/join-options.ts'
export type * from './api/options.ts'
export type * from './api/terms.ts'
export { topic, type Topic } from './api/topic.ts'
