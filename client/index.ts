/** The front door in a browser: the same names as on Node. */
export { connect } from './connect.ts'
export { newIdentity } from './ed25519.ts'
export { grant, invite, join, newRealm, rotate, rotating } from './absent.ts'
export * from '../bus/public.ts'
