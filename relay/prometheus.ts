/** The counters of a relay in the text format of Prometheus. */

/** `linksOpened` as `sixcast_relay_links_opened_total`; what is no counter is a gauge. */
export function prometheusText(
  counters: Readonly<Record<string, number>>,
  gauges: Readonly<Record<string, number>>,
): string {
  const lines = [
    ...Object.entries(gauges).flatMap(([name, value]) => linesOf(nameOf(name), 'gauge', value)),
    ...Object.entries(counters).flatMap(([name, value]) =>
      linesOf(`${nameOf(name)}_total`, 'counter', value),
    ),
  ]
  return `${lines.join('\n')}\n`
}

function linesOf(name: string, type: string, value: number): string[] {
  return [`# TYPE ${name} ${type}`, `${name} ${value}`]
}

function nameOf(name: string): string {
  return `sixcast_relay_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
}
