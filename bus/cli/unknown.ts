/** Says of an option that no command has which one was probably meant. */
import { nearest } from '../api/rules.ts'

/** Takes the parser's `Unknown argument: lnies` and says it in words for people. */
export function withGuess(
  message: string,
  about: { readonly words: readonly string[]; readonly known: readonly string[] },
): string {
  const { words, known } = about
  const [, list] = /^Unknown arguments?: (.*)$/.exec(message) ?? []
  // Of several the first one is enough: with it mended, the others will be told.
  const name = list?.split(', ')[0]
  if (name === undefined) return message
  const typed = words.find((word) => word.replace(/=.*$/s, '').replace(/^--?(no-)?/, '') === name)
  if (typed === undefined || !typed.startsWith('-')) return message
  const near = nearest(name, known)
  const guess = near === undefined ? '' : `: did you mean --${near}?`
  return `there is no option ${typed.replace(/=.*$/s, '')}${guess}`
}
