/** Takes open labs down when the process that holds them exits or is told to. */

const guarded = new Map<string, () => void>()

/** `end` must do its work without awaiting. */
export function guard(id: string, end: () => void): void {
  if (guarded.size === 0) {
    process.on('exit', removeAll)
    process.on('disconnect', onOrphaned)
    for (const signal of signals) process.on(signal, onSignal)
  }
  guarded.set(id, end)
}

export function unguard(id: string): void {
  guarded.delete(id)
  if (guarded.size === 0) release()
}

function release(): void {
  process.off('exit', removeAll)
  process.off('disconnect', onOrphaned)
  for (const signal of signals) process.off(signal, onSignal)
}

/** The test runner that started this worker is dead, and left it to run on for nobody. */
function onOrphaned(): void {
  onSignal('SIGTERM')
}

function onSignal(signal: NodeJS.Signals): void {
  removeAll()
  release()
  // Without other listeners the signal keeps its usual meaning: the process ends by it.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
}

function removeAll(): void {
  for (const end of guarded.values()) {
    try {
      end()
    } catch (error) {
      process.stderr.write(`${String(error)}\n`) // The other labs still have their turn.
    }
  }
  guarded.clear()
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
