/** Waits until something has happened, or for a time. */

export class News {
  #resolve: (() => void) | undefined
  #since = false

  /** Something has happened: whoever waits goes on, or the next one does not wait. */
  tell(): void {
    this.#since = true
    this.#resolve?.()
  }

  async wait(timeMs: number): Promise<void> {
    if (!this.#since) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeMs)
        this.#resolve = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#resolve = undefined
    }
    this.#since = false
  }
}
