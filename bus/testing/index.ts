/** The front door of `sixcast/testing`: real buses on a simulated network, in virtual time. */
export type { SimulatedOptions, SimulateOptions, Simulation } from './options.ts'
export { simulate } from './simulation.ts'
