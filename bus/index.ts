/** The front door on Node. */
export { connect } from './io/connect.ts'
export * from './public.ts'
