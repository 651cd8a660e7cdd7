/** Plots of the last five minutes: what comes, what leaves, and what is asked for again. */
import uPlot from 'uplot'

export interface Line {
  readonly label: string
  /** The name of its colour in the style sheet. */
  readonly colour: string
}

export class Plot {
  readonly root: HTMLElement
  readonly #plot: uPlot
  /** Seconds since 1970, then a value for each line. */
  readonly #data: number[][]

  constructor(root: HTMLElement, title: string, { lines, text }: Drawn) {
    this.root = root
    this.#data = [[], ...lines.map(() => [])]
    const axis = { stroke: () => colourOf('--soft'), grid: { stroke: () => colourOf('--line') } }
    this.#plot = new uPlot(
      {
        title,
        ...sizeOf(root),
        cursor: { y: false },
        scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
        axes: [axis, { ...axis, size: 70, values: (_, values) => values.map(text) }],
        series: [
          {},
          ...lines.map(({ label, colour }) => ({
            label,
            width: 2,
            stroke: () => colourOf(colour),
            value: (_: uPlot, value: number | null) => (value === null ? '' : text(value)),
          })),
        ],
      },
      this.#aligned,
      root,
    )
    new ResizeObserver(() => this.#plot.setSize(sizeOf(root))).observe(root)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#plot.redraw()
    })
  }

  add(at: number, values: readonly number[]): void {
    ;[at / 1000, ...values].forEach((value, i) => {
      this.#data[i]?.push(value)
      if (this.#data[i] && this.#data[i].length > POINTS_MAX) this.#data[i].shift()
    })
    this.#plot.setData(this.#aligned)
  }

  get #aligned(): uPlot.AlignedData {
    return this.#data as unknown as uPlot.AlignedData // the first are the times
  }
}

interface Drawn {
  readonly lines: readonly Line[]
  readonly text: (value: number) => string
}

function sizeOf({ clientWidth }: HTMLElement): { width: number; height: number } {
  return { width: Math.max(240, clientWidth), height: HEIGHT }
}

function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name)
}

/** One a second. */
const POINTS_MAX = 300
const HEIGHT = 180
