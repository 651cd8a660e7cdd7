/** The front door of `sixcast/librecast`: exchange of messages with Librecast programs. */
export {
  openLibrecast,
  type LibrecastChannel,
  type LibrecastMessage,
  type LibrecastSendOptions,
  type LibrecastStats,
} from './channel.ts'
export type { LibrecastFault } from './datagram.ts'
export type { LibrecastHeader, LibrecastOperation } from './frame.ts'
export { librecastGroup, type LibrecastHash } from './group.ts'
export type { LibrecastOptions } from './options.ts'
