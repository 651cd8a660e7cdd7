/** Says why a topic is not printed that a pattern of `sub` matches: once for each reason. */
import type { BusEvent } from '../index.ts'
import type { Settings } from './settings.ts'
import { shown, shownJson } from './shown.ts'

type Withheld = Extract<BusEvent, { readonly type: 'withheld' }>

/** A line for standard error. */
export function withheldLine(event: Withheld, settings: Partial<Settings>, json: boolean): string {
  if (json) return `${shownJson(event)}\n`
  const { topic, reason } = event
  const { fault, mend } = WORDS[reason](shown(topic), settings)
  return `sixcast: not printed: "${shown(topic)}", ${fault}, and maybe others: ${mend}\n`
}

const ASK = "ask the realm's owner for another invitation"
const WORDS: Record<
  Withheld['reason'],
  (topic: string, settings: Partial<Settings>) => { readonly fault: string; readonly mend: string }
> = {
  key: () => ({ fault: "which your guest's key does not open", mend: ASK }),
  rights: (topic, { realm }) => ({
    fault: 'which your rights do not let you read',
    mend: `${ASK}; sixcast acl test me subscribe ${topic} --realm ${realm ?? 'NAME'} tells why`,
  }),
  share: () => ({
    fault: 'which its publisher does not share',
    mend: 'publish it with pub --shared, or leave --share out',
  }),
  seats: () => ({ fault: 'which has as many members as may', mend: 'start fewer' }),
  proof: (_, { proof }) => ({
    fault: `whose publisher proves less than --proof ${proof ?? 'group'}`,
    mend: 'let it publish with that --proof, or demand less',
  }),
}
