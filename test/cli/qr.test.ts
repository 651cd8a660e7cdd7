/** `sixcast invite --qr`: what a camera would read, by a decoder that is not of the same hand. */
import jsQR from 'jsqr'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { qrCode } from '../../bus/cli/qr.ts'
import { Home } from './command.ts'

const home = new Home()
beforeAll(async () => {
  await home.run(['init', 'site'])
})
afterAll(() => home[Symbol.dispose]())

/** Squares of light that a character shows: the upper one and the lower one. */
const SQUARES: Readonly<Record<string, readonly [boolean, boolean]>> = {
  '\u2588': [true, true],
  '\u2580': [true, false],
  '\u2584': [false, true],
  ' ': [false, false],
}
/** Pixels of one square. */
const SIZE = 4

/** Reads the picture as it would look on a terminal. */
function decoded(picture: string): string | undefined {
  const lines = picture.trimEnd().split('\n')
  const rows = lines.flatMap((line) => {
    const squares = line.split('').map((character) => SQUARES[character]!)
    return [squares.map(([upper]) => upper), squares.map(([, lower]) => lower)]
  })
  const width = rows[0]!.length
  const pixels = new Uint8ClampedArray(width * rows.length * SIZE * SIZE * 4)
  for (let y = 0; y < rows.length * SIZE; y++) {
    for (let x = 0; x < width * SIZE; x++) {
      const light = rows[Math.floor(y / SIZE)]![Math.floor(x / SIZE)]! ? 255 : 0
      pixels.set([light, light, light, 255], (y * width * SIZE + x) * 4)
    }
  }
  const read = jsQR as unknown as (data: Uint8ClampedArray, w: number, h: number) => Code
  return read(pixels, width * SIZE, rows.length * SIZE)?.data
}

type Code = { readonly data: string } | null

describe('a QR code', () => {
  it('holds the whole invitation, which can be accepted', async () => {
    const { code, out, err } = await home.run(['invite', '--realm', 'site', '--qr'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const invitation = decoded(out) ?? ''
    expect(invitation).toMatch(/^sixcast-invite-1\.[\w-]+\.[\w-]{86}$/)
    using other = new Home()
    expect(await other.run(['join', '-'], { input: invitation })).toMatchObject({ code: 0 })
  })

  it('holds the code of --wait, as it stands in the line above', async () => {
    const waiting = home.start(['invite', '--realm', 'site', '--wait', '--qr'])
    await waiting.says(/\n\n[^]+\n\n[^]+\n\n$/)
    const [, line = '', picture = ''] = waiting.text('out').split('\n\n')
    expect(line).toContain(` ${decoded(picture)} `)
    waiting.kill('SIGINT')
    await waiting.ended
  })

  it('is in colours of its own on a terminal that is wide enough', async () => {
    const plain = await qrCode('abc', {})
    const shown = await qrCode('abc', { isTTY: true, columns: 80 })
    // oxlint-disable-next-line no-control-regex -- colours are what is looked for
    expect(shown.replaceAll(/\u001b\[[\d;]*m/g, '')).toBe(plain)
    expect(shown.startsWith('\u001b[97;40m')).toBe(true)
    // As a terminal without a size says: a serial line, a container's.
    expect(await qrCode('abc', { isTTY: true, columns: 0 })).toBe(shown)
    await expect(qrCode('abc', { isTTY: true, columns: 20 })).rejects.toThrow(
      /the QR code has 29 columns, the terminal 20: make it wider/,
    )
  })

  it.each([['--json'], ['--file', 'f']])('is of no use with %s', async (...words) => {
    const { code, err } = await home.run(['invite', '--realm', 'site', '--qr', ...words])
    expect(err).toMatch(/option --qr is of no use with --json or --file/)
    expect(code).toBe(64)
  })
})
