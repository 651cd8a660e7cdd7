/** Names the receivers that may lack messages at the end of a publisher, and those that do. */
import type { CloseReport, PeerInfo } from '../index.ts'
import { shown, shownJson } from './shown.ts'

/** Lines for standard error; none when everybody has everything. */
export function lackingLines(report: CloseReport, json: boolean): string[] {
  const { unconfirmed, incomplete, behind } = report
  const silent = unconfirmed.map((peer) => ({ peer }))
  const lines = [...line('unconfirmed', silent, json), ...line('incomplete', incomplete, json)]
  return behind === undefined ? lines : [...lines, behindLine(behind, json)]
}

/** Others of the realm whom this member cannot reach. */
function behindLine(epoch: number, json: boolean): string {
  if (json) return `${shownJson({ type: 'behind', epoch })}\n`
  const mend = 'take its page from another host by: sixcast keys adopt FILE'
  return `sixcast: not heard by others, who are in epoch ${epoch} of the realm, of which no key is here: ${mend}\n`
}

interface Lacking {
  readonly peer: PeerInfo
  readonly lost?: number
}

function line(type: keyof typeof WORDS, peers: readonly Lacking[], json: boolean): string[] {
  if (peers.length === 0) return []
  if (json) {
    const plain = peers.map(({ peer: { id, name }, ...more }) => ({ id, name, ...more }))
    return [`${shownJson({ type, peers: plain })}\n`]
  }
  const names = peers.map(({ peer: { id, name }, lost }) => {
    return `${shown(name)} (${id})${lost === undefined ? '' : `: ${lost}`}`
  })
  return [`sixcast: ${WORDS[type]} ${names.join(', ')}\n`]
}

const WORDS = {
  unconfirmed: 'not confirmed within the linger time by',
  incomplete: 'messages lost on the way to',
}
