/**
 * Secrets of a command that reads its files anew: a descriptor is read once, and what it held is kept.
 *
 * It is closed after that, or empty, and its number may be another file's by then, as a socket's.
 */
import type { Secret } from '../io/secret.ts'
import type { SecretKind } from '../io/keyfile.ts'
import { UsageError } from './exit.ts'
import { secretNamed } from './secrets.ts'

export class RelaySecrets {
  readonly #signal: AbortSignal
  readonly #byDescriptor = new Map<string, Promise<Secret>>()
  #started = false

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** From now on no descriptor is read that was not before. */
  started(): void {
    this.#started = true
  }

  /** Rejects as `secretNamed`, or with UsageError. */
  named(name: string, kind: SecretKind = 'key'): Promise<Secret> {
    if (!/^(fd:|\/dev\/fd\/)/.test(name)) return secretNamed(name, this.#signal, kind)
    const known = this.#byDescriptor.get(name)
    if (known) return known
    if (this.#started) {
      const fault = `${name} was not named when the relay started`
      return Promise.reject(new UsageError(`${fault}: name a file, or start the relay anew`))
    }
    const reading = secretNamed(name, this.#signal, kind)
    this.#byDescriptor.set(name, reading)
    return reading
  }
}
