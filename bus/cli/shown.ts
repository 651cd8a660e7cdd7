/** Text of others for a terminal or a table: control characters would act on it. */

/** Control characters, line separators and what turns text around, as `\x1b` or `\u202e`. */
export function shown(text: string): string {
  return text.replace(CONTROLS, escaped)
}

/** The same, but for line ends and tabs, which do no harm. */
export function shownText(text: string): string {
  return text.replace(/[^\n\t]+/g, shown)
}

/** JSON as one line that acts on nothing; JSON itself only escapes what is below a space. */
export function shownJson(value: unknown): string {
  return JSON.stringify(value).replace(CONTROLS, (control) => `\\u${digits(control, 4)}`)
}

function escaped(control: string): string {
  return control <= '\u00ff' ? `\\x${digits(control, 2)}` : `\\u${digits(control, 4)}`
}

function digits(control: string, count: number): string {
  return control.charCodeAt(0).toString(16).padStart(count, '0')
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g
