/** The dashboard: shows each snapshot as it comes. */
import { RELAY_COUNTERS } from '../../counters.ts'
import type { Snapshot } from '../shown.ts'
import { element, Table } from './elements.ts'
import { KeyForm } from './key-form.ts'
import { mapOf } from './map.ts'
import { Plot } from './plots.ts'
import { countText, Rates, rateText, sizeText, timeText, wholeText } from './rates.ts'

const rates = new Rates()
const state = element('p', { id: 'state', role: 'status' }, 'calling the relay')
const map = element('div', { id: 'map' })
const keyForm = new KeyForm()
const topics = new Table(
  'topics',
  ['Topic', 'Publishers', 'Packets', 'Rate', 'Again or late', 'Asked for', 'Lost'],
  'No topic has been heard yet.',
)
const peers = new Table(
  'peers',
  ['Peer', 'Instance', 'Identity', 'Heard by'],
  'Nobody has said hello yet.',
)
const counters = new Table('counters', ['Counter', 'Count', 'What it counts'], 'All are zero.')
const figures = [0, 1, 2].map(() => element('figure'))
document
  .querySelector('#main')!
  .append(
    element('header', {}, element('h1', {}, 'sixcast relay'), state, leaveForm()),
    part(
      'Map',
      'What the relay joins. A peer stands wherever it has been heard in the last minute.',
      map,
    ),
    element('div', { class: 'plots' }, ...figures),
    part(
      'Topics',
      'The relay has the tags of topics and cannot read names or messages. It counts what reaches it.',
      keyForm.root,
      topics.root,
    ),
    part('Peers', 'Names are what peers call themselves, in signed hellos.', peers.root),
    part('Refused, dropped and bounded', 'Since the relay has started.', counters.root),
  )
const [packets, bytes, repairs] = plots()

const source = new EventSource('/dashboard/events')
source.addEventListener('message', ({ data }) => show(JSON.parse(String(data)) as Snapshot)) // the relay's own
source.addEventListener('error', () => {
  state.textContent = 'no word from the relay: calling again'
  state.classList.add('lost')
  if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), AGAIN_MS)
})

function show(snapshot: Snapshot): void {
  const { at, since, stats, segments, trunks, backbones, links } = snapshot
  rates.begin(at)
  state.classList.remove('lost')
  const seen = snapshot.peers.length + snapshot.more.peers
  const counts = [
    plural(segments.length, 'segment'),
    plural(trunks.length, 'trunk'),
    plural(stats.links, 'link'),
    plural(seen, 'peer'),
  ]
  const met = backbones.filter(({ fault }) => fault === '')
  if (met.length > 0) counts.push(`${plural(stats.backbone, 'relay')} by backbone`)
  state.textContent = [`up ${timeText(at - since)}`, ...counts].join(' · ')
  if (met.length < backbones.length) {
    state.append(' · ', element('span', { class: 'lost' }, 'backbone lost'))
  }
  map.replaceChildren(mapOf(snapshot, rates))
  showRates([...segments, ...trunks, ...backbones, ...links], snapshot)
  showTopics(snapshot)
  peers.show(snapshot.peers.map(peerRow), snapshot.more.peers)
  counters.show(
    Object.entries(RELAY_COUNTERS)
      .filter(([name]) => NOTED.test(name) && countOf(stats, name) > 0)
      .map(([name, words]) => [name, wholeText(countOf(stats, name)), words]),
  )
}

function showRates(
  flows: Snapshot['segments' | 'trunks' | 'backbones' | 'links'][number][],
  { at, topics: all }: Snapshot,
): void {
  const sum = (of: (flow: (typeof flows)[number]) => number): number => {
    return flows.reduce((whole, flow) => whole + of(flow), 0)
  }
  const [coming, leaving] = [
    rates.of('all in', { packets: sum((f) => f.packetsIn), bytes: sum((f) => f.bytesIn) }),
    rates.of('all out', { packets: sum((f) => f.datagramsOut), bytes: sum((f) => f.bytesOut) }),
  ]
  packets.add(at, [coming.packets, leaving.packets])
  bytes.add(at, [coming.bytes, leaving.bytes])
  const of = (name: string, count: (topic: Snapshot['topics'][number]) => number): number => {
    return rates.of(name, { packets: all.reduce((n, one) => n + count(one), 0), bytes: 0 }).packets
  }
  const again = of('again', (topic) => topic.again)
  repairs.add(at, [of('asked', (topic) => topic.asked), again, of('lost', (topic) => topic.lost)])
}

function showTopics({ realm, open, topics: all, more }: Snapshot): void {
  keyForm.about(realm, open)
  const rows = all.map((topic) => {
    const { tag, publishers, packets: count } = topic
    const name = tag === '' ? 'streams whose topics nobody has told yet' : keyForm.nameOf(topic)
    const rate = rateText(rates.of(`topic ${tag}`, { packets: count, bytes: topic.bytes }))
    const figuresOf = [topic.again, topic.asked, topic.lost].map(wholeText)
    return [name ?? tag, String(publishers), wholeText(count), rate, ...figuresOf]
  })
  topics.show(rows, more.topics)
  keyForm.opened(all.filter(({ tag }) => tag !== ''))
}

function peerRow({ name, instance, identity, heard }: Snapshot['peers'][number]): string[] {
  const ways = heard.map(
    ([by, agoMs]) => `${by === 'segment ' ? 'a segment' : by}, ${timeText(agoMs)} ago`,
  )
  return [name === '' ? 'no name' : name, instance, `${identity.slice(0, 16)}…`, ways.join('; ')]
}

function plural(count: number, word: string): string {
  return `${wholeText(count)} ${word}${count === 1 ? '' : 's'}`
}

function countOf(stats: Snapshot['stats'], name: string): number {
  return stats[name as keyof Snapshot['stats']] // a counter's
}

function part(title: string, about: string, ...inside: Node[]): HTMLElement {
  return element('section', {}, element('h2', {}, title), element('p', {}, about), ...inside)
}

function leaveForm(): HTMLElement {
  const button = element('button', {}, 'Leave')
  return element('form', { method: 'post', action: '/dashboard/leave' }, button)
}

function plots(): readonly [Plot, Plot, Plot] {
  const [first, second, third] = figures as [HTMLElement, HTMLElement, HTMLElement] // three are made
  const lines = [
    { label: 'in', colour: '--one' },
    { label: 'out', colour: '--two' },
  ]
  const repairLines = [
    { label: 'asked for', colour: '--one' },
    { label: 'again or late', colour: '--two' },
    { label: 'lost', colour: '--three' },
  ]
  return [
    new Plot(first, 'Packets a second', { lines, text: countText }),
    new Plot(second, 'Bytes a second', { lines, text: sizeText }),
    new Plot(third, 'Repairs and losses a second', { lines: repairLines, text: countText }),
  ]
}

/** All but plain traffic. */
const NOTED: RegExp =
  /^(?!(links|trunks|backbone)(Opened|Closed)|backbone(Met|In|Out|Bytes)|messages|bytes|datagrams|unicastCrossed)/
const AGAIN_MS = 3000
