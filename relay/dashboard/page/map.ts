/** The map: the relay, and what it joins, each with the peers that are heard there. */
import type { ShownPeer, Snapshot } from '../shown.ts'
import { element } from './elements.ts'
import { type Rates, rateText } from './rates.ts'

interface Place {
  readonly name: string
  readonly kind: string
  readonly title: string
  readonly about: string
  readonly lost?: boolean
}

export function mapOf(snapshot: Snapshot, rates: Rates): HTMLElement {
  const { realm, scope, stats, segments, trunks, backbones, links, peers } = snapshot
  const flows = [
    ...segments.map((one) => ({ place: segmentPlace(one.name), flow: one })),
    ...trunks.map((one) => ({ place: trunkPlace(one), flow: one })),
    ...backbones.map((one) => ({ place: backbonePlace(one), flow: one })),
    ...links.map((one) => ({ place: linkPlace(one), flow: one })),
  ]
  const cards = flows.map(({ place, flow }) => {
    const coming = rateText(rates.in(place.name, flow))
    const leaving = rateText(rates.out(place.name, flow))
    return cardOf(place, { rates: `in ${coming}; out ${leaving}`, peers: heardAt(peers, place) })
  })
  const epoch = stats.epoch > 0 ? `, epoch ${stats.epoch}` : ''
  const relay = element('div', { class: 'relay' }, `relay of ${realm}, scope ${scope}${epoch}`)
  return element('div', { class: 'map' }, relay, element('div', { class: 'cards' }, ...cards))
}

function cardOf(
  { kind, title, about, lost = false }: Place,
  { rates, peers }: { readonly rates: string; readonly peers: readonly ShownPeer[] },
): HTMLElement {
  const shown = peers.slice(0, CHIPS_MAX).map(({ name, instance }) => {
    return element('li', { title: `instance ${instance}` }, name === '' ? instance : name)
  })
  const rest = peers.length - shown.length
  if (rest > 0) shown.push(element('li', {}, `${rest} more`))
  const list = element('ul', {}, ...shown)
  const head = element('h3', {}, element('span', { class: 'kind' }, kind), ` ${title}`)
  const words = element('p', {}, about)
  const marks = lost ? `card ${kind} lost` : `card ${kind}`
  return element('section', { class: marks }, head, words, element('p', {}, rates), list)
}

/** Who is heard by more than one way stands at each. */
function heardAt(peers: readonly ShownPeer[], { name }: Place): readonly ShownPeer[] {
  return peers.filter(({ heard }) => heard.some(([by]) => by === name))
}

function segmentPlace(name: string): Place {
  const title = name === '' ? 'all interfaces' : name
  return { name: `segment ${name}`, kind: 'segment', title, about: 'heard by multicast' }
}

function trunkPlace({ relay, at, calls }: Snapshot['trunks'][number]): Place {
  const about = relay === '' ? 'not open yet' : `relay ${relay}`
  const title = calls ? `to ${at}` : `from ${at}`
  return { name: `trunk ${relay}`, kind: 'trunk', title, about }
}

function backbonePlace({ name, relays, fault }: Snapshot['backbones'][number]): Place {
  const [kind, lost] = ['backbone', fault !== '']
  const about = lost ? `not there: ${fault}` : `other relays: ${relays}`
  return { name: 'backbone', kind, title: name, about, lost }
}

function linkPlace({ port, remote, groups }: Snapshot['links'][number]): Place {
  const about = `from ${remote}, groups joined: ${groups}`
  return { name: `link ${port}`, kind: 'link', title: String(port), about }
}

const CHIPS_MAX = 24
