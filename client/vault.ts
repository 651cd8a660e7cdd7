/**
 * The front door of `sixcast/vault`: keeps the keys of realms in a browser, so that a page asks once.
 *
 * They lie in IndexedDB, sealed by AES-GCM under a key that the browser holds and gives to nobody.
 * The bus derives its keys from raw bytes, so whoever runs code in a page of this origin can have
 * the vault open what it keeps: it is against those who copy the disk's files or a backup of them,
 * and against leaving keys in addresses, in localStorage or in the page (docs/security.md).
 */
import { BusError } from '../bus/api/errors.ts'
import type { ConnectOptions, Identity } from '../bus/api/options.ts'
import { isRealmName, REALM_NAME, shown } from '../bus/api/rules.ts'
import { textOf, utf8 } from '../bus/core/text.ts'
import { identityText, parseSeed } from '../bus/io/identity-text.ts'
import { keyText } from '../bus/io/key-text.ts'
import { openingOf } from '../bus/io/settled.ts'
import { identityOfSeed, newIdentity } from './ed25519.ts'
import { Cabinet, type Sealed } from './cabinet.ts'

/** What a vault keeps of a realm: options of `connect`. */
export interface Kept extends Pick<ConnectOptions, 'scope' | 'groups' | 'rights'> {
  readonly realm: string
  /** The text of a key file, a member's or a guest's. */
  readonly key: string
  readonly identity: Identity
}

/** What it is given: a key as bytes too, and without an identity it makes one. */
export interface Keeping extends Pick<ConnectOptions, 'scope' | 'groups' | 'rights'> {
  readonly realm: string
  readonly key: Uint8Array | string
  readonly identity?: Identity | string
}

export interface Vault {
  /** The realms that it keeps. */
  realms(): Promise<readonly string[]>
  /** What it keeps of a realm; undefined: nothing. Rejects with INVALID_KEY when that is damaged. */
  read(realm: string): Promise<Kept | undefined>
  /**
   * Keeps a realm, in place of what it kept of it before; resolves to what `read` will say.
   * Rejects with INVALID_KEY, INVALID_OPTION, TOO_LARGE or LIMIT.
   */
  keep(keeping: Keeping): Promise<Kept>
  /** Forgets a realm, or all of them and the key that sealed them. */
  forget(realm?: string): Promise<void>
  close(): void
}

/** Opens the vault of this origin. Rejects with UNSUPPORTED where there is no place for one. */
export async function openVault(): Promise<Vault> {
  return new LiveVault(await Cabinet.open())
}

class LiveVault implements Vault {
  readonly #cabinet: Cabinet

  constructor(cabinet: Cabinet) {
    this.#cabinet = cabinet
  }

  realms(): Promise<readonly string[]> {
    return this.#cabinet.names()
  }

  async read(realm: string): Promise<Kept | undefined> {
    assertRealm(realm)
    const sealed = await this.#cabinet.get(realm)
    if (!sealed) return undefined
    const text = textOf(await this.#unsealed(realm, sealed))
    return keptOf(JSON.parse(text ?? 'null') as Written)
  }

  async keep(keeping: Keeping): Promise<Kept> {
    const { realm, key, identity, rights, scope, groups } = keeping
    assertRealm(realm)
    openingOf(key, realm) // throws where it is none
    const pair = typeof identity === 'string' ? parseIdentity(identity) : identity
    const written: Written = {
      realm,
      key: typeof key === 'string' ? key : keyText(key),
      identity: identityText(pair ?? newIdentity()),
      ...(rights !== undefined && { rights }),
      ...(scope !== undefined && { scope }),
      ...(groups !== undefined && { groups }),
    }
    const bytes = utf8(JSON.stringify(written))
    if (bytes.length > KEPT_SIZE_MAX) {
      const fault = `what is to be kept of "${realm}" has ${bytes.length} bytes`
      throw new BusError('TOO_LARGE', `${fault}, and keys and rights have ${KEPT_SIZE_MAX} at most`)
    }
    const names = await this.#cabinet.names()
    if (!names.includes(realm) && names.length >= REALMS_MAX) {
      const mend = 'forget one that is not used'
      throw new BusError('LIMIT', `the vault keeps ${REALMS_MAX} realms already: ${mend}`)
    }
    await this.#cabinet.put(realm, bytes)
    return keptOf(written)
  }

  forget(realm?: string): Promise<void> {
    if (realm !== undefined) assertRealm(realm)
    return this.#cabinet.forget(realm)
  }

  close(): void {
    this.#cabinet.close()
  }

  async #unsealed(realm: string, sealed: Sealed): Promise<Uint8Array> {
    try {
      return await this.#cabinet.unseal(realm, sealed)
    } catch (cause) {
      const mend = 'forget it, and give the key again'
      throw new BusError('INVALID_KEY', `what the vault keeps of "${realm}" is damaged: ${mend}`, {
        cause,
      })
    }
  }
}

/** `Kept` as it is stored. */
interface Written extends Omit<Kept, 'identity'> {
  readonly identity: string
}

function keptOf({ identity, ...rest }: Written): Kept {
  return { ...rest, identity: parseIdentity(identity) }
}

function parseIdentity(text: string): Identity {
  return identityOfSeed(parseSeed(text, 'option "identity"'))
}

function assertRealm(realm: unknown): void {
  if (isRealmName(realm)) return
  throw new BusError('INVALID_OPTION', `option "realm" is ${shown(realm)}: ${REALM_NAME}`)
}

/** A key, an identity and a chain of rights, with room to spare. */
const KEPT_SIZE_MAX = 16_384
/** More than a page has use for. */
const REALMS_MAX = 64
