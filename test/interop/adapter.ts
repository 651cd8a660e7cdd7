/**
 * A program on the adapter's side: opens the channel whose options are its argument, as JSON, and
 * follows the commands on standard input, one JSON object a line. It answers by JSON lines.
 *
 *   {"send": "text", "operation": "ping"}    answers {"sent": "text"}
 *   {"read": true}                           with "pull" among the options: the next {"text": ...}
 *   {"stats": true}                          answers {"stats": {...}}
 *
 * Messages are printed as {"text": ...} when they come, errors as {"failed": code, ...}.
 */
import { createInterface } from 'node:readline'
import {
  openLibrecast,
  type LibrecastMessage,
  type LibrecastOptions,
} from '../../bus/librecast/index.ts'

const { key, pull, ...options } = JSON.parse(process.argv[2] ?? '') as Settings // The test's own.
const log = {
  warn: (fields: object, message?: string) => print({ ...fields, warning: message }),
  error: (fields: object, message?: string) => print({ ...fields, error: message }),
}
await attempt(async () => {
  const keyed = { ...options, log, ...(key !== undefined && { key: Buffer.from(key, 'hex') }) }
  await using channel = await openLibrecast(keyed, pull ? undefined : show)
  const messages = pull ? channel[Symbol.asyncIterator]() : undefined
  print({ ready: channel.group })
  for await (const line of createInterface({ input: process.stdin })) {
    const { send, operation, read, stats } = JSON.parse(line) as Command
    await attempt(async () => {
      if (send !== undefined) {
        await channel.send(Buffer.from(send), operation && { operation })
        print({ sent: send })
      }
      if (read) await readOne(messages)
      if (stats) print({ stats: channel.stats() })
    })
  }
})

async function readOne(messages: AsyncIterator<LibrecastMessage> | undefined): Promise<void> {
  const next = await messages?.next()
  if (next?.done === false) show(next.value)
  else print({ ended: true })
}

function show({ payload, from, header }: LibrecastMessage): void {
  if (header?.operation === 'del') throw new Error('this handler deletes nothing')
  print({ text: Buffer.from(payload).toString(), from, header })
}

async function attempt(task: () => Promise<void>): Promise<void> {
  try {
    await task()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'none'
    print({ failed: code, message: String(error) })
  }
}

function print(fields: object): void {
  const text = JSON.stringify(fields, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
  process.stdout.write(`${text}\n`)
}

interface Settings extends Omit<LibrecastOptions, 'key'> {
  readonly key?: string
  readonly pull?: boolean
}

interface Command {
  readonly send?: string
  readonly operation?: 'ping' | 'del'
  readonly read?: boolean
  readonly stats?: boolean
}
