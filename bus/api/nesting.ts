/**
 * How deep JSON is nested, before it is parsed.
 *
 * Parsing follows any depth, but JSON.stringify, structuredClone and most programs walk a value by
 * recursion: ten kilobytes of brackets from a hostile member would exhaust their stack.
 */

/** Far beyond what data has, far below what a stack bears: some thousands in Node. */
export const NESTING_MAX = 500

/** Whether arrays and objects of JSON in UTF-8 are nested deeper than that. */
export function nestsTooDeep(json: Uint8Array): boolean {
  // Each level takes two bytes.
  if (json.length <= 2 * NESTING_MAX) return false
  let depth = 0
  let quoted = false
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]!
    if (byte === QUOTE) quoted = !quoted
    else if (quoted) i += Number(byte === BACKSLASH)
    else if (byte === BRACKET || byte === BRACE) {
      depth += 1
      if (depth > NESTING_MAX) return true
    } else if (byte === BRACKET_END || byte === BRACE_END) depth -= 1
  }
  return false
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const BRACKET = 0x5b
const BRACKET_END = 0x5d
const BRACE = 0x7b
const BRACE_END = 0x7d
