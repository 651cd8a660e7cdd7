/** Prints the figures. */
import { transfer } from './transfer.ts'

const [n = '8', p = '0.05', m = '2000', rate = '5000000', all = '0', cap = '0'] =
  process.argv.slice(2)
const every = Number(all)
const about = {
  receivers: Number(n),
  loss: Number(p),
  messages: Number(m),
  size: 1100,
  rate: Number(rate),
  seed: 1,
  capacity: Number(cap) || Infinity,
  lostForAll: (number: number) => every > 0 && number % every === 0,
}
console.log(JSON.stringify(transfer(about)))
