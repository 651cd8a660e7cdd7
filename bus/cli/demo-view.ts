/** Shows the demo while it runs, and its summary: a table, plain lines, or JSON objects. */
import type { Counted, Tally } from './demo-tally.ts'
import { deliveriesPerPacket, latestOf, tallyOf } from './demo-tally.ts'
import type { Output } from './output.ts'
import { table } from './table.ts'

export type Form = 'table' | 'lines' | 'json'

export class View {
  readonly #output: Output
  readonly #form: Form
  readonly #crew: readonly Counted[]
  #drawn = 0
  #toldAt = 0

  constructor(output: Output, form: Form, crew: readonly Counted[]) {
    this.#output = output
    this.#form = form
    this.#crew = crew
  }

  starting(): void {
    if (this.#form === 'json') return
    const publishers = this.#crew.filter(({ duty }) => duty.type === 'publish').length
    const subscribers = this.#crew.length - publishers
    const who = `${publishers} publishers and ${subscribers} subscribers`
    void this.#output.write(
      `Starting ${who}, a process each, on this host alone: nothing leaves the machine.\n`,
    )
  }

  /** Call it often: it decides itself when there is something to tell. */
  show(elapsedMs: number): void {
    if (this.#form === 'table') return this.#draw(elapsedMs)
    const second = Math.floor(elapsedMs / 1000)
    if (second <= this.#toldAt) return
    this.#toldAt = second
    const tally = tallyOf(this.#crew)
    if (this.#form === 'json') {
      void this.#output.object({ type: 'progress', seconds: second, ...tally })
    } else {
      void this.#output.write(`${String(second).padStart(3)} s  ${sentence(tally)}\n`)
    }
  }

  async summary(tally: Tally, elapsedMs: number): Promise<void> {
    const seconds = Math.round(elapsedMs / 100) / 10
    const perPacket = deliveriesPerPacket(tally)
    const processes = this.#crew.length
    if (this.#form === 'json') {
      const head = { type: 'summary', seconds, processes }
      await this.#output.object({ ...head, ...tally, deliveriesPerPacket: perPacket })
      return
    }
    const { published, packetsSent, bytesSent, delivered, expected, gaps } = tally
    const rows: [string, string | number, string][] = [
      ['messages published', published, ''],
      ['packets on the wire', packetsSent, `${Math.ceil(bytesSent / 1024)} KiB, control included`],
      ['deliveries', delivered, `of ${expected} expected`],
      ['deliveries per packet', perPacket.toFixed(2), 'one packet serves all subscribers'],
      ['gaps', gaps, gaps === 0 ? 'nothing was lost' : 'messages that did not come'],
    ]
    const lines = rows.map(([what, value, remark]) => {
      return `  ${what.padEnd(22)} ${String(value).padStart(8)}   ${remark}`.trimEnd()
    })
    await this.#output.write(`\n${processes} processes, ${seconds} s:\n${lines.join('\n')}\n`)
  }

  #draw(elapsedMs: number): void {
    // A terminal that does not tell its size says 0.
    const columns = process.stdout.columns || 80
    const rows = process.stdout.rows || 24
    const head = ['TOPIC', 'LATEST VALUE']
    const values = [...latestOf(this.#crew)].map(([topic, value]) => [topic, JSON.stringify(value)])
    // Three lines are for the heading, the status and the prompt.
    const body = table(head, values.slice(0, Math.max(0, rows - 4))).split('\n')
    const status = `${(elapsedMs / 1000).toFixed(1)} s  ${sentence(tallyOf(this.#crew))}`
    const lines = [...body, status].map((line) => line.slice(0, columns - 1))
    const back = this.#drawn > 0 ? `${ESCAPE}[${this.#drawn}A${ESCAPE}[J` : ''
    this.#drawn = lines.length
    void this.#output.write(`${back}${lines.join('\n')}\n`)
  }
}

function sentence({ published, packetsSent, delivered, gaps }: Tally): string {
  const counts = `${published} messages, ${packetsSent} packets, ${delivered} deliveries`
  return `${counts}, ${gaps} gaps`
}

const ESCAPE = '\u001b'
