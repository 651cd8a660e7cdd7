/** A log that keeps its warnings. */
import type { Logger } from '../../../bus/index.ts'

export class FakeLog implements Logger {
  readonly warnings: [fields: Readonly<Record<string, unknown>>, words: string][] = []

  debug(): void {}
  info(): void {}
  error(): void {}

  warn(fields: object, words = ''): void {
    this.warnings.push([{ ...fields }, words])
  }
}
