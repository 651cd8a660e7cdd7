/** A chat in a page: who is here, what they say, and a field to say something. `serve.ts` serves it. */
import { type Bus, connect, type Gap, type Message } from 'sixcast'
import { type Kept, openVault } from 'sixcast/vault'

const { document, location, FormData } = globalThis
const realm = new URLSearchParams(location.search).get('realm') ?? 'local'
const vault = await openVault()
let kept = await vault.read(realm)

const enter = part('#enter')
part('#wanted').hidden = kept !== undefined
enter.addEventListener('submit', (event) => {
  event.preventDefault()
  void join(field(enter, 'name'), field(enter, 'key'))
})

async function join(name: string, key: string): Promise<void> {
  state(`calling the relay of ${realm}`)
  try {
    const given: Kept = kept ?? (await vault.keep({ realm, key }))
    const relay = location.origin.replace(/^http/, 'ws')
    // A wrong key opens nothing: the relay refuses it here.
    const bus = await connect({ ...given, relay, name, signal: AbortSignal.timeout(WAIT_MS) })
    kept = given
    talk(bus, name)
  } catch (error) {
    if (!kept) await vault.forget(realm)
    state(error instanceof Error ? error.message : String(error))
  }
}

function talk(bus: Bus, name: string): void {
  enter.hidden = true
  part('#room').hidden = false
  state(`You are ${name}, in the realm ${realm}.`)
  const say = part('#say')
  say.addEventListener('submit', (event) => {
    event.preventDefault()
    const text = field(say, 'text')
    // Whoever comes later sees the last lines of all who are still here.
    if (text !== '') bus.publish(`chat/${name}`, text, { retain: 50 })
    say.querySelector('input')!.value = ''
  })
  part('#forget').addEventListener('click', () => void leave(bus))
  void hear(bus, name)
  void see(bus, name)
}

async function hear(bus: Bus, name: string): Promise<void> {
  for await (const item of bus.subscribe('chat/{who}', { history: 'all', gaps: true })) {
    if (item.type === 'gap') show('note', gapText(item))
    else show(item.params.who === name ? 'mine' : '', textOf(item), item.params.who)
  }
}

async function see(bus: Bus, name: string): Promise<void> {
  const all = (): void => {
    const names = [...bus.presence].map((peer) => peer.name).toSorted()
    part('#people').replaceChildren(...[`${name} (you)`, ...names].map((one) => item(one)))
  }
  all()
  for await (const { type, peer } of bus.presence.watch()) {
    all()
    if (type !== 'update') show('note', `${peer.name} ${type === 'join' ? 'is here' : 'has left'}`)
  }
}

async function leave(bus: Bus): Promise<void> {
  await bus.close()
  await vault.forget(realm)
  location.reload()
}

/** Whatever others say is text, never markup. */
function show(kind: string, text: string, who = ''): void {
  const line = item(text)
  line.className = kind
  if (who !== '') {
    const speaker = document.createElement('b')
    speaker.textContent = who
    line.prepend(speaker)
  }
  const lines = part('#lines')
  lines.append(line)
  while (lines.children.length > LINES_MAX) lines.firstElementChild?.remove()
  line.scrollIntoView()
}

function textOf({ value }: Message): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function gapText({ topic, count, cause }: Gap): string {
  return `${count} lines on ${topic} are lost (${cause})`
}

function item(text: string): HTMLElement {
  const made = document.createElement('li')
  made.textContent = text
  return made
}

function part(selector: string): HTMLFormElement {
  return document.querySelector<HTMLFormElement>(selector)!
}

function field(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name)
  return typeof value === 'string' ? value.trim() : ''
}

function state(text: string): void {
  part('#state').textContent = text
}

const LINES_MAX = 500
const WAIT_MS = 15_000
