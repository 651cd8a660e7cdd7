/** The front door on Node. */
export { connect } from './io/connect.ts'
export { newIdentity } from './io/ed25519.ts'
export { grant, newRealm } from './io/grants.ts'
export { invite, join } from './io/joining/joining.ts'
export { rotate } from './io/rotate.ts'
export { rotating } from './io/rotating.ts'
export * from './public.ts'
