/** Says in words for people what the parser does not understand, and what was probably meant. */
import { nearest, shown } from '../api/rules.ts'

export interface Understood {
  readonly words: readonly string[]
  /** The options that the parser knows at this moment. */
  readonly options: readonly string[]
  /** Commands with their arguments, in the parser's notation: `pub <topic> [value]`. */
  readonly usages: readonly string[]
}

/** Takes the parser's own message, such as `Unknown argument: lnies`. */
export function inWords(message: string, about: Understood): string {
  const [, option, given, choices] = CHOICES.exec(message) ?? []
  if (option !== undefined) {
    const all = (choices ?? '').replaceAll('"', '')
    return `option --${option} is ${given}: one of ${all}`
  }
  const lacking = /missing: got (\d+)/.exec(message)
  if (lacking) return missing(Number(lacking[1]), about) ?? message
  const [, list] = /^Unknown (?:argument|command)s?: (.*)$/.exec(message) ?? []
  // Of several the first one is enough: with it mended, the others will be told.
  const name = list?.split(', ')[0]
  return name === undefined ? message : unknown(name, about)
}

function unknown(name: string, about: Understood): string {
  const { words, options, usages } = about
  const typed = words.find((word) => word.replace(/=.*$/s, '').replace(/^--?(no-)?/, '') === name)
  if (typed?.startsWith('-')) {
    const long = options.filter((option) => option.length > 1)
    const near = nearest(name, long)
    const guess = near === undefined ? '' : `: did you mean --${near}?`
    return `there is no option ${typed.replace(/=.*$/s, '')}${guess}`
  }
  const word = shown(name)
  const usage = usageOf(about)
  if (usage !== undefined) return `there is no place for ${word}: ${usage}`
  const names = usages.map((one) => one.split(' ')[0])
  return `there is no command ${word}: there are ${names.join(', ')}`
}

/** Names the arguments behind the first so many. */
function missing(count: number, about: Understood): string | undefined {
  const usage = usageOf(about)
  const [first, ...more] = (usage?.match(/(?<= )[A-Z-]+/g) ?? []).slice(count)
  if (first === undefined) return undefined
  const last = more.pop()
  if (last === undefined) return `${first} is missing: ${usage}`
  return `${[first, ...more].join(', ')} and ${last} are missing: ${usage}`
}

/** How the command in hand is called: `sixcast pub TOPIC [VALUE]`. */
function usageOf({ words, usages }: Understood): string | undefined {
  const usage = words.flatMap((word) => usages.filter((one) => one.split(' ')[0] === word))[0]
  const argument = /[<[]([\w-]+)(\.\.)?[>\]]/g
  const plain = usage?.replaceAll(argument, (whole, name: string, more?: string) => {
    const text = `${name.toUpperCase()}${more === undefined ? '' : '...'}`
    return whole.startsWith('[') ? `[${text}]` : text
  })
  return plain && `sixcast ${plain}`
}

const CHOICES = /Argument: ([\w-]+), Given: (.+?), Choices: (.+?)(?= Argument: |$)/s
