/** Actors: state that takes one message at a time, wherever it is; groups, failures and ends. */
import { type ActorContext, BusError, connect, type Step } from 'sixcast'

interface Door {
  readonly isOpen: boolean
  readonly opened: number
}
type Order = 'open' | 'close' | 'kick'

function door(state: Door, order: Order): Step<Order, Door, number> {
  if (order === 'kick') throw new Error('the hinge broke')
  if (order === 'open' && state.isOpen) return { state, error: new BusError('OPEN', 'it is open') }
  const opened = state.opened + (order === 'open' ? 1 : 0)
  return { state: { isOpen: order === 'open', opened }, reply: opened }
}

await using house = await connect({ name: 'house' })
await using shed = await connect({ name: 'shed' })
await using desk = await connect({ name: 'desk' })

const initial = { isOpen: false, opened: 0 }
const options = { initial, groups: ['doors'], backoff: 10 }
const front = house.spawn('door/front', door, options)
house.spawn('door/back', door, options)
shed.spawn('door/shed', door, { ...options, failure: 'stop' })

// By its name alone, from any peer: who has it is found.
const back = desk.actor<Order, number>('door/back')
back.tell('open')
await back.deliver('close')
console.log(`opened ${await back.ask('open')} times`)
await back.ask('open').catch((error: BusError) => console.log(error.code))

// One packet tells all of them, and one question asks all of them.
const doors = desk.group<Order, number>('doors')
doors.tell('close')
const replies = await doors.askAll('open', { expect: 2 }).all()
console.log(
  `${replies.length} doors, opened ${Math.max(...replies.map(({ value }) => value))} times`,
)

// A watch tells of ends; a context speaks as its actor.
type Word = { readonly watch: string } | { readonly ended: string }
function guard(state: null, word: Word, { watch, actor }: ActorContext<Word>): Step<Word, null> {
  if ('watch' in word) {
    watch(actor(word.watch), ({ reason }) => ({ ended: `${word.watch} has ${reason}` }))
    return { state }
  }
  console.log(word.ended)
  return { state, stop: true }
}
const guarding = desk.spawn('guard', guard, { initial: null })
await guarding.deliver({ watch: 'door/shed' })

// Who fails starts anew with its first state, or stops.
await front.deliver('kick').catch((error: BusError) => console.log(error.code))
console.log(`opened ${await front.ask('open')} time`)
desk.actor<Order>('door/shed').tell('kick')
await guarding.stopped

// Prints:
// opened 2 times
// OPEN
// 3 doors, opened 3 times
// REMOTE
// opened 1 time
// door/shed has failed
