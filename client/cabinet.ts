/** Sealed bytes by name, in IndexedDB, and the browser's key that seals them. */
import { BusError } from '../bus/api/errors.ts'
import { utf8 } from '../bus/core/text.ts'

/** As it lies there. */
export interface Sealed {
  readonly nonce: Uint8Array<ArrayBuffer>
  readonly box: ArrayBuffer
}

export class Cabinet {
  readonly #database: IDBDatabase

  private constructor(database: IDBDatabase) {
    this.#database = database
  }

  /** Rejects with UNSUPPORTED where a page may keep nothing, or has no cryptography of its own. */
  static async open(): Promise<Cabinet> {
    if (!('indexedDB' in globalThis) || !globalThis.isSecureContext) {
      const mend = 'load the page by https or from localhost, in a browser'
      throw new BusError('UNSUPPORTED', `there is no place for a vault here: ${mend}`)
    }
    const request = indexedDB.open(DATABASE, 1)
    request.addEventListener('upgradeneeded', () => {
      request.result.createObjectStore(KEYS)
      request.result.createObjectStore(SECRETS)
    })
    try {
      const database = await done(request)
      // Another page wants another version: it shall not wait for this one.
      database.addEventListener('versionchange', () => database.close())
      return new Cabinet(database)
    } catch (cause) {
      const reason = (cause as Error).message
      throw new BusError('UNSUPPORTED', `the browser keeps nothing for this page: ${reason}`, {
        cause,
      })
    }
  }

  async names(): Promise<string[]> {
    const names = await done(this.#store(SECRETS, 'readonly').getAllKeys())
    return names.map(String)
  }

  async get(name: string): Promise<Sealed | undefined> {
    const found: unknown = await done(this.#store(SECRETS, 'readonly').get(name))
    return found as Sealed | undefined // nobody else writes there
  }

  /** Seals and stores; resolves when it is on its way to the disk. */
  async put(name: string, bytes: Uint8Array): Promise<void> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_SIZE))
    const how = howFor(name, nonce)
    const box = await crypto.subtle.encrypt(how, await this.#key(), new Uint8Array(bytes))
    const sealed: Sealed = { nonce, box }
    await done(this.#store(SECRETS, 'readwrite').put(sealed, name))
  }

  /** Rejects when it was not sealed here, or for another name. */
  async unseal(name: string, { nonce, box }: Sealed): Promise<Uint8Array> {
    return new Uint8Array(await crypto.subtle.decrypt(howFor(name, nonce), await this.#key(), box))
  }

  /** One, or all and the key itself: what copies there are of them then opens no more. */
  async forget(name: string | undefined): Promise<void> {
    if (name !== undefined) {
      await done(this.#store(SECRETS, 'readwrite').delete(name))
      return
    }
    await done(this.#store(SECRETS, 'readwrite').clear())
    await done(this.#store(KEYS, 'readwrite').clear())
  }

  close(): void {
    this.#database.close()
  }

  /** The browser's key for this origin; made on first use, once for all pages that come at a time. */
  async #key(): Promise<CryptoKey> {
    const found: unknown = await done(this.#store(KEYS, 'readonly').get(KEY_NAME))
    if (found instanceof CryptoKey) return found
    const how = { name: 'AES-GCM', length: 256 }
    const made = await crypto.subtle.generateKey(how, false, ['encrypt', 'decrypt'])
    const store = this.#store(KEYS, 'readwrite')
    // In one transaction: another page may have been quicker.
    const other: unknown = await done(store.get(KEY_NAME))
    if (other instanceof CryptoKey) return other
    await done(store.put(made, KEY_NAME))
    return made
  }

  #store(name: string, mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(name, mode).objectStore(name)
  }
}

/** The name is authenticated with it: what was kept of one realm is not taken for another's. */
function howFor(name: string, nonce: Uint8Array<ArrayBuffer>): AesGcmParams {
  return { name: 'AES-GCM', iv: nonce, additionalData: new Uint8Array(utf8(name)) }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('unknown')))
  })
}

const DATABASE = 'sixcast'
const KEYS = 'keys'
const SECRETS = 'secrets'
const KEY_NAME = 'wrapping'
/** What GCM takes. */
const NONCE_SIZE = 12
