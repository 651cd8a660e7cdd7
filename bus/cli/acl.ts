/** `sixcast acl test`: whether somebody may do something on a topic, and why. */
import type { Argv } from 'yargs'
import { patternsFor, type Rights } from '../core/rights.ts'
import { parseTopic } from '../core/topic/pattern.ts'
import { Action, type ActionName } from '../core/wire/grant.ts'
import { keyName } from '../io/identity.ts'
import { isThere, keyFileOf } from '../io/keyfile.ts'
import { ownerFileOf } from '../io/realm-file.ts'
import { parseOpening } from '../io/realm-keys.ts'
import { readRegister } from '../io/register.ts'
import { faultOf, realmId, rightsFileOf } from '../io/rights.ts'
import { parseRights } from '../io/rights-text.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure, UsageError } from './exit.ts'
import { assertName } from './owner.ts'
import { secretNamed } from './secrets.ts'
import { shown } from './shown.ts'
import { oneOf } from './values.ts'

export const acl: Command = {
  usage: 'acl <verb> <who> <action> <topic>',
  describe: 'Tell whether somebody may do something on a topic, and why: acl test',
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('verb', { type: 'string', describe: 'test' })
    .positional('who', {
      type: 'string',
      describe: '"me", or a member: its name, or the first digits of its identity',
    })
    .positional('action', { type: 'string', describe: ACTIONS.join(', ') })
    .positional('topic', { type: 'string', describe: 'An exact topic' })
    .option('json', { type: 'boolean', describe: 'Print a JSON object' })
  return withExamples(options, [
    ['sixcast acl test me publish hall/door --realm site', 'what you may do'],
    ['sixcast acl test pump subscribe hall/door --realm site', 'for the owner'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  oneOf(given['verb'], 'what acl is to do', ['test'])
  const action = oneOf(given['action'], 'the action', ACTIONS)
  const topic = String(given['topic'])
  const parsed = parseTopic(topic)
  if (!parsed.ok) throw new UsageError(parsed.fault)
  const { realm } = world.settings
  if (realm === undefined) throw new UsageError('name the realm: --realm NAME')
  assertName(realm)
  const found = await rightsOfWhom(String(given['who']), realm, world)
  const { rights } = found
  const { isOwned, ...chain } = await faultIn(realm, rights, world)
  const fault = found.revoked ? 'the owner has removed this member' : chain.fault
  const at = rights.refusal(action, parsed.segments)
  const allowed = fault === undefined && at === undefined
  const holder = keyName(rights.holder)
  const relay = isOwned ? relayed(rights, action, fault) : UNJUDGED
  const lines = [
    ...explain(rights, action, at),
    ...(fault ? [`refused: ${fault}`] : []),
    `by a relay: ${relay.why}`,
  ]
  if (world.json) {
    const verdict = { allowed, relayed: relay.carried, why: lines }
    await world.output.object({ type: 'acl', identity: holder, action, topic, ...verdict })
  } else {
    const verdict = allowed ? 'allowed' : 'denied'
    await world.output.write(`${verdict}: ${holder} ${action} ${shown(topic)}\n`)
    for (const line of lines) await world.output.write(`  ${shown(line)}\n`)
  }
  return allowed ? Exit.ok : Exit.error
}

interface Found {
  readonly rights: Rights
  /** As the owner's register has it. */
  readonly revoked: boolean
}

async function rightsOfWhom(who: string, realm: string, world: World): Promise<Found> {
  if (who === 'me') {
    const path = world.settings.rights ?? rightsFileOf(realm)
    if (world.settings.rights === undefined && !(await isThere(path))) {
      const mend = 'join it by an invitation, or name the file of your rights by --rights'
      throw new Failure('DENIED', `you have no rights in realm "${realm}" (${path}): ${mend}`)
    }
    const { text, source } = await secretNamed(path, world.interrupt.signal, 'rights')
    return { rights: parseRights(text, source), revoked: false }
  }
  if (!(await isThere(ownerFileOf(realm)))) {
    const mend = `ask where the realm was made, or what you may do yourself: acl test me`
    throw new Failure('DENIED', `only the owner of realm "${realm}" knows its members: ${mend}`)
  }
  const register = await readRegister(realm)
  const fits = register.filter(({ name, rights }) => {
    return name === who || keyName(rights.holder).startsWith(who.toLowerCase())
  })
  const last = fits.at(-1)
  const holders = new Set(fits.map(({ rights }) => keyName(rights.holder)))
  if (last && holders.size === 1) {
    return { rights: last.rights, revoked: fits.some(({ revoked }) => revoked) }
  }
  const fault = last ? `${holders.size} members are meant by` : 'no member is called'
  const mend = `sixcast members --realm ${realm} lists those that you have invited`
  throw new Failure('NO_MEMBER', `${fault} ${JSON.stringify(who)}: ${mend}`)
}

/** Whether the chain counts at all, if the realm's key is here. */
async function faultIn(
  realm: string,
  rights: Rights,
  world: World,
): Promise<{ readonly fault: string | undefined; readonly isOwned: boolean }> {
  const path = world.settings.key ?? keyFileOf(realm)
  if (world.settings.key === undefined && !(await isThere(path))) {
    const mend = 'name its key file by --key, or the realm that you mean by --realm'
    throw new Failure('INVALID_KEY', `the key of realm "${realm}" is not here (${path}): ${mend}`)
  }
  const { text, source } = await secretNamed(path, world.interrupt.signal)
  const opening = parseOpening(text, { source, realm })
  const { owner } = opening
  if (!owner) {
    return { fault: 'the realm has no owner, so everybody may do everything', isOwned: false }
  }
  const by = { id: await realmId({ realm, ...opening }), owner }
  return { fault: faultOf(rights, by), isOwned: true }
}

function explain(rights: Rights, action: ActionName, refusedAt: number | undefined): string[] {
  return rights.rules.map((rules, i) => {
    const patterns = patternsFor(action, rules)
    const says =
      patterns.length > 0 ? `lets ${action} on ${patterns.join(' ')}` : `lets no ${action}`
    const verdict =
      refusedAt === i
        ? 'denied here'
        : refusedAt !== undefined && i > refusedAt
          ? 'not asked'
          : 'allowed'
    return `grant ${i + 1} of ${rights.rules.length}, serial ${rights.serials[i]}: ${says}: ${verdict}`
  })
}

interface RelayVerdict {
  readonly carried: boolean
  readonly why: string
}

const UNJUDGED: RelayVerdict = { carried: true, why: 'carried: without an owner it judges nobody' }

/** What a relay of the realm does, which sees rights and no topic. */
function relayed(rights: Rights, action: ActionName, fault: string | undefined): RelayVerdict {
  if (fault !== undefined) return { carried: false, why: 'denied: no link, and nothing is carried' }
  if (action !== 'publish') {
    return { carried: true, why: `carried: ${action} is for receivers to judge` }
  }
  if (rights.gives('publish')) {
    return { carried: true, why: 'carried: on which topic it cannot see, receivers judge that' }
  }
  return { carried: false, why: 'denied: publish on no topic at all, so no data is carried' }
}

const ACTIONS = Object.keys(Action) as readonly ActionName[] // its keys are all actions
