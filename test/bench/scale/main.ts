/**
 * What one process takes that publishes on 10,000 topics, subscribes to 1,000 patterns and hears
 * 1,000 peers: `npm run bench:scale`.
 *
 * The process is this one, a bus on a network whose other end is a process of its own (crowd.ts).
 * The same with few of everything stands beside it: what a message costs should not depend on them.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connectOver } from '../../../bus/io/connect.ts'
import { tell, writeBetween } from '../../sim/tables.ts'
import { machineLine } from '../speed/stage.ts'
import { framedTransport } from './frames.ts'
import { type Answer, FEW, MANY, type Scale, type Told, type Work } from './plan.ts'
import { Measured, type Taken } from './measured.ts'
import { scaleTable } from './report.ts'
import { MIDDLE } from './star.ts'

const OPTIONS = {
  quick: { type: 'boolean' },
  seconds: { type: 'string' },
  json: { type: 'string' },
  write: { type: 'boolean' },
} as const

const { values } = parseArgs({ options: OPTIONS })
const quick = values.quick === true
const seconds = Number(values.seconds ?? (quick ? 1 : 5))
if (!(seconds > 0)) throw new Error(`--seconds: '${values.seconds}' is no number above 0`)
const many = quick ? { topics: 100, patterns: 20, peers: 20 } : MANY
const work = {
  forMs: seconds * 1000,
  perSecond: quick ? 200 : 1000,
  settleMs: quick ? 500 : 25_000,
}

const taken: Taken[] = []
for (const scale of [FEW, many]) taken.push(await measure(scale, work))
const rate = `${work.perSecond.toLocaleString('en-US')} messages a second each way`
const text = `${scaleTable(taken)}\n\n${machineLine([`${seconds} s each of rest and work, ${rate}`])}`
process.stdout.write(`${text}\n`)
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(taken, undefined, 2))
if (values.write === true) writeBetween('docs/performance.md', 'scale', text)

async function measure(scale: Scale, given: Work): Promise<Taken> {
  tell(`${scale.topics} topics, ${scale.patterns} patterns, ${scale.peers} peers`)
  const child = fork(join(import.meta.dirname, 'crowd.js'))
  const gone = ended(child)
  // Told where somebody waits for an answer.
  gone.catch(() => undefined)
  const server = createServer({ noDelay: true })
  await once(server.listen(0, '::1'), 'listening')
  try {
    const crowd = (told: Told): Promise<Answer> => Promise.race([ask(child, told), gone])
    const key = randomBytes(32).toString('hex')
    const { port } = server.address() as AddressInfo // Of TCP.
    const called = once(server, 'connection')
    await crowd({ type: 'gather', scale, port, key })
    const [socket] = (await called) as [Socket]
    tell('  the crowd is there')
    await using bus = await connectOver(framedTransport(socket, MIDDLE.port), {
      key: new Uint8Array(Buffer.from(key, 'hex')),
      realm: 'scale',
      name: 'measured',
      linger: 0,
    })
    return await new Measured(bus, crowd, { scale, work: given }).run()
  } finally {
    child.kill()
    server.close()
    await sleep(100)
  }
}

async function ask(child: ChildProcess, told: Told): Promise<Answer> {
  const answered = once(child, 'message')
  child.send(told)
  const [answer] = (await answered) as [Answer]
  return answer
}

async function ended(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`the crowd has ended with ${code}`)
}
