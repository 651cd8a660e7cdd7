/** Times things against each other in one run: rounds take turns, and the median of each counts. */

/** Operations a second, the median of the rounds, by name. */
export function race(
  entries: Readonly<Record<string, () => void>>,
  options: { readonly rounds?: number; readonly roundMs?: number } = {},
): ReadonlyMap<string, number> {
  const { rounds = 15, roundMs = 60 } = options
  const speeds = new Map(Object.keys(entries).map((name) => [name, [] as number[]]))
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [name, operation] of Object.entries(entries)) {
      const speed = measure(operation, roundMs)
      if (round >= 0) speeds.get(name)?.push(speed)
    }
  }
  return new Map([...speeds].map(([name, all]) => [name, median(all)]))
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function measure(operation: () => void, roundMs: number): number {
  const start = performance.now()
  let count = 0
  while (performance.now() - start < roundMs) {
    for (let i = 0; i < BETWEEN_LOOKS; i++) operation()
    count += BETWEEN_LOOKS
  }
  return (count * 1000) / (performance.now() - start)
}

const WARM_UP = 3
const BETWEEN_LOOKS = 50
