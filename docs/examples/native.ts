/** Many datagrams for one system call, where the machine lets it be had; and without. */
import { connect } from 'sixcast'

await using usual = await connect()
if (!usual.native.inUse) console.log('datagrams go one by one:', usual.native.reason)

await using plain = await connect({ native: false })
console.log(plain.native.reason)

// Prints:
// it is turned off
