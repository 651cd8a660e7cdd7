/** Where a member gives a key, so that topics have names: it stays in this page until it is closed. */
import type { ShownTopic } from '../shown.ts'
import { element } from './elements.ts'
import { Names } from './names.ts'

export class KeyForm {
  readonly root: HTMLFormElement
  readonly #field: HTMLInputElement = element('input', {
    type: 'password',
    placeholder: 'sixcast-key-1 …',
    autocomplete: 'off',
    'aria-label': 'Key of the realm',
  })
  readonly #word: HTMLOutputElement = element('output')
  #names: Names | undefined
  #realm = ''
  #open = false

  constructor() {
    const note =
      'To see names, give the text of a key file of the realm. It does not leave this page.'
    const show = element('button', {}, 'Show names')
    const forget = element('button', { type: 'button' }, 'Forget')
    const label = element('label', {}, note, this.#field)
    this.root = element('form', { class: 'key' }, label, show, forget, this.#word)
    this.root.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#take()
    })
    forget.addEventListener('click', () => this.#forget('Forgotten.'))
  }

  /** Which realm it is; names of an open one are sealed by nothing. */
  about(realm: string, open: boolean): void {
    if (realm === this.#realm && open === this.#open) return
    this.#forget('')
    this.#realm = realm
    this.#open = open
    this.root.hidden = open
    if (open) this.#names = new Names(realm, undefined)
  }

  nameOf(topic: ShownTopic): string | undefined {
    return this.#names?.of(topic)
  }

  /** Says so where the key opens none of them. */
  opened(topics: readonly ShownTopic[]): void {
    if (!this.#names || this.#open) return
    const none = topics.length > 0 && topics.every((topic) => this.nameOf(topic) === undefined)
    this.#word.value = none
      ? 'This key opens no name: it may be of another realm.'
      : 'Names are shown.'
  }

  #take(): void {
    try {
      this.#names?.forget()
      this.#names = undefined
      this.#names = new Names(this.#realm, this.#field.value)
      this.#field.value = ''
      this.#word.value = ''
    } catch (error) {
      this.#word.value = (error as Error).message
    }
  }

  #forget(word: string): void {
    this.#names?.forget()
    this.#names = undefined
    this.#field.value = ''
    this.#word.value = word
  }
}
