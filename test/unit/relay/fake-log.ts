/** A log that keeps its warnings and its notes. */
import type { Logger } from '../../../bus/index.ts'

export class FakeLog implements Logger {
  readonly warnings: Line[] = []
  readonly notes: Line[] = []

  debug(): void {}
  error(): void {}

  warn(fields: object, words = ''): void {
    this.warnings.push([{ ...fields }, words])
  }

  info(fields: object, words = ''): void {
    this.notes.push([{ ...fields }, words])
  }
}

type Line = [fields: Readonly<Record<string, unknown>>, words: string]
