/** Text as a QR code on a terminal: two of its squares in each character. */
import { Failure } from './exit.ts'

/** Lines of half blocks, light squares drawn and dark ones left out, or in colours on a terminal. */
export async function qrCode(
  text: string,
  terminal: { readonly isTTY?: boolean; readonly columns?: number },
): Promise<string> {
  // Few commands need it: the others start the faster without it.
  const { renderUnicodeCompact } = await import('uqr')
  const lines = renderUnicodeCompact(text, { ecc: 'L', border: BORDER }).split('\n')
  const width = lines[0]?.length ?? 0
  const { isTTY = false, columns = 0 } = terminal
  if (!isTTY) return `${lines.join('\n')}\n`
  // A terminal that does not say how wide it is may be wide enough.
  if (columns === 0 || columns >= width)
    return lines.map((line) => `${WHITE_ON_BLACK}${line}${PLAIN}\n`).join('')
  const mend = 'make it wider, take smaller letters, or use --wait, whose code is small'
  throw new Failure(
    'TOO_LARGE',
    `the QR code has ${width} columns, the terminal ${columns}: ${mend}`,
  )
}

/** Squares of light around the code: the standard's four, so that every camera finds it. */
const BORDER = 4
/** Whatever the terminal's own colours are: some readers take no code with dark and light swapped. */
const WHITE_ON_BLACK = '\u001b[97;40m'
const PLAIN = '\u001b[0m'
