/** Names the receivers that may lack messages at the end of a publisher, and those that do. */
import type { CloseReport, PeerInfo } from '../index.ts'
import { shown, shownJson } from './shown.ts'

/** Lines for standard error; none when everybody has everything. */
export function lackingLines(report: CloseReport, json: boolean): string[] {
  const { unconfirmed, incomplete, behind, waiting } = report
  const silent = unconfirmed.map((peer) => ({ peer }))
  const lines = [...line('unconfirmed', silent, json), ...line('incomplete', incomplete, json)]
  if (waiting !== undefined) lines.push(waitingLine(waiting, json))
  return behind === undefined ? lines : [...lines, behindLine(behind, json)]
}

/** Nobody of a group has got them. */
function waitingLine(count: number, json: boolean): string {
  if (json) return `${shownJson({ type: 'waiting', count })}\n`
  const mend = 'start members, or give them longer by --linger'
  return `sixcast: ${count} messages that no member of a group has got are lost: ${mend}\n`
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
