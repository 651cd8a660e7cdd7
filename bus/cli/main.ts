#!/usr/bin/env node
/** The command `sixcast`. */
import { run } from './program.ts'

const code = await run(process.argv.slice(2))
// Input that nobody reads any more must not keep the process.
process.exit(code)
