/** The one list of public names. */
export type * from './api/actor-options.ts'
export { BusError, type BusErrorCode, type ErrorCode } from './api/errors.ts'
export type * from './api/file-options.ts'
export type * from './api/epoch-options.ts'
export type * from './api/grant-options.ts'
export type * from './api/join-options.ts'
export type * from './api/message.ts'
export type * from './api/options.ts'
export type * from './api/peer-options.ts'
export type * from './api/request-options.ts'
export type * from './api/rotate-options.ts'
export { service, type Service } from './api/service.ts'
export type * from './api/native-options.ts'
export type * from './api/terms.ts'
export { topic, type Topic } from './api/topic.ts'
export type * from './api/variable-calls.ts'
export type * from './api/variable-options.ts'
export {
  count,
  groupBy,
  max,
  mean,
  min,
  percentile,
  type Numbers,
} from './api/variables/aggregate.ts'
export type * from './api/when-options.ts'
