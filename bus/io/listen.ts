/** Where a server listens, as people write it. */

export interface Listen {
  readonly host: string
  readonly port: number
}

/** `[ADDRESS]:PORT`, `NAME:PORT` or `:PORT`; `undefined` when it is none of them. */
export function parseListen(text: string): Listen | undefined {
  const [, bracketed, name = '', digits] = /^(?:\[([\da-f:.%\w]+)\]|([\w.-]*)):(\d{1,5})$/i.exec(
    text,
  ) ?? [undefined, undefined, undefined, '']
  const port = Number(digits)
  if (digits === '' || port > 65_535) return undefined
  return { host: bracketed ?? (name === '' ? '::' : name), port }
}

export const LISTEN_EXAMPLE = '"[::1]:62278" or ":62278"'
