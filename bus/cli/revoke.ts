/** `sixcast revoke`: removes a member from a realm. */
import type { Argv } from 'yargs'
import { hasRemoved } from '../io/epoch-files.ts'
import { keyName } from '../io/identity.ts'
import { type Member, readRegister, revokeMembers } from '../io/register.ts'
import { type Arguments, type Command, type World, withExamples } from './command.ts'
import { Exit, Failure } from './exit.ts'
import { note } from './log.ts'
import { type Owned, ownedRealm } from './owner.ts'
import { present, rotated, spread, STAY_S, stayOf, tellLeftOut } from './rotation.ts'

export const revoke: Command = {
  usage: 'revoke <who>',
  describe: 'Remove a member from a realm of yours: the others have other keys from now on',
  build,
  run,
}

function build(parser: Argv): Argv {
  const options = parser
    .positional('who', { type: 'string', describe: 'Their name, or how their identity begins' })
    .option('stay', {
      type: 'string',
      requiresArg: true,
      describe: `SECONDS to bring it to who is there; 0: files alone [default: ${STAY_S}]`,
    })
    .option('json', { type: 'boolean', describe: 'Print a JSON object' })
  return withExamples(options, [
    ['sixcast revoke --realm site pump', 'the member that is called so'],
  ])
}

async function run(given: Arguments, world: World): Promise<number> {
  const owned = await ownedRealm(world)
  const stayMs = stayOf(given)
  const { identity, isOut } = await found(owned, String(given['who']))
  if (isOut) return tellOut(owned.realm, identity, world)
  await revokeMembers(owned.realm, ({ rights }) => keyName(rights.holder) === identity)
  const here = await present(world, stayMs)
  const made = await rotated(owned, true)
  const { epoch, page, members } = made
  const there = await spread(world, stayMs)
  const leftOut = tellLeftOut(owned.realm, made, here)
  const about = { realm: owned.realm, identity, epoch, page, members, there, leftOut }
  if (world.json) await world.output.object({ type: 'revoked', ...about })
  else {
    const name = identity.slice(0, 16)
    await world.output.write(
      `${name}… is out: epoch ${epoch} is for ${members} members (${page})\n`,
    )
  }
  return Exit.ok
}

/** What has been done is not done again: the others would have new keys for nothing. */
async function tellOut(realm: string, identity: string, world: World): Promise<number> {
  if (world.json) await world.output.object({ type: 'revoked', realm, identity, already: true })
  const mend = `for new keys all the same, run: sixcast keys rotate --realm ${realm} --at-once`
  note(`${identity.slice(0, 16)}… was revoked before, and is out; nothing is changed: ${mend}`)
  return Exit.ok
}

interface Found {
  readonly identity: string
  /** Removed before, by the page that is here. */
  readonly isOut: boolean
}

async function found({ realm, owner }: Owned, who: string): Promise<Found> {
  const fits = (await readRegister(realm)).filter(({ name, rights }: Member) => {
    return name === who || keyName(rights.holder).startsWith(who.toLowerCase())
  })
  const holders = [...new Set(fits.map(({ rights }) => keyName(rights.holder)))]
  const [identity] = holders
  if (identity !== undefined && holders.length === 1) {
    const self = fits.every(({ name }) => name === 'owner')
    if (!self && keyName(owner.publicKey) !== identity) {
      // Whoever is marked and is in no page: the command was ended between the two.
      const marked = fits.every(({ revoked }) => revoked === true)
      return { identity, isOut: marked && (await hasRemoved(realm, fits[0]!.rights.holder)) }
    }
    throw new Failure('DENIED', 'the owner cannot be removed: make another realm')
  }
  const fault = identity === undefined ? 'no member is called' : 'several members are meant by'
  const mend = `sixcast members --realm ${realm} lists those that you have invited`
  throw new Failure('NO_MEMBER', `${fault} ${JSON.stringify(who)}: ${mend}`)
}
