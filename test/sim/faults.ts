/** Plans the faults of the storm: cuts, flaps, stalls, crashes, restarts, closes, intruders. */
import type { Intruder } from './intruder.ts'
import type { Host } from './host.ts'
import type { Process } from './process.ts'
import { Random } from '../../bus/testing/random.ts'
import { Rotation } from './rotation.ts'
import type { World } from './world.ts'

export function brew(world: World, random: Random): void {
  const { plan } = world
  const { faults } = plan
  if (faults.has('partition')) {
    some(world, random, () => {
      if (random.chance(0.3)) swizzle(world, random)
      else partition(world, random)
    })
  }
  if (faults.has('snoop')) some(world, random, () => flap(world, random))
  if (faults.has('stall')) some(world, random, () => stall(world, random))
  if (faults.has('crash')) some(world, random, () => crash(world, random))
  if (faults.has('close')) some(world, random, () => close(world, random))
  if (faults.has('mtu')) narrow(world, random)
  // Now and then the intruder is quick, but not quicker than what a peer promises to withstand.
  const pauseMs = random.pick([20, 100, 400])
  if (faults.has('junk') || faults.has('replay')) {
    intrude(world, world.intruder, { random: random.fork('intruder'), pauseMs })
  }
  if (plan.rotations > 0) {
    new Rotation(world, new Random(plan.seed, 'rotation')).plan(plan.rotations)
  }
}

/** One to three times in the storm, not in its first moments. */
function some(world: World, random: Random, fault: () => void): void {
  const { stormMs } = world.plan
  for (let i = random.integer(1, 3); i > 0; i--) {
    const at = random.between(stormMs * 0.05, stormMs * 0.95)
    if (world.acts.next()) world.schedule.at(at, fault)
  }
}

function partition(world: World, random: Random): void {
  const { hosts } = world.network
  const one = new Set(hosts.filter(() => random.chance(0.5)))
  const deaf = random.chance(0.4)
  for (const from of hosts) {
    for (const to of hosts) {
      if (one.has(from) && !one.has(to)) world.network.cut(from, to)
      if (!deaf && !one.has(from) && one.has(to)) world.network.cut(from, to)
    }
  }
  const durationMs = random.pick([100, 800, 3000, 7000])
  world.schedule.after(durationMs, () => world.network.mend())
}

/**
 * FoundationDB's way to clog a network: hosts are cut off one after the other, and come back in
 * another order.
 */
function swizzle(world: World, random: Random): void {
  const { network, schedule } = world
  const victims = network.hosts.filter(() => random.chance(0.6))
  const pauseMs = random.pick([20, 200, 1000])
  const others = (victim: Host): Host[] => network.hosts.filter((host) => host !== victim)
  for (const [place, victim] of random.shuffled(victims).entries()) {
    schedule.after(place * pauseMs, () => {
      // The network may have healed by then.
      if (schedule.time >= world.plan.stormMs) return
      for (const other of others(victim)) {
        network.cut(victim, other)
        network.cut(other, victim)
      }
    })
  }
  for (const [place, victim] of random.shuffled(victims).entries()) {
    schedule.after((victims.length + place) * pauseMs, () => network.mend(victim))
  }
}

function flap(world: World, random: Random): void {
  world.network.flap(random.pick(random.pick(world.network.hosts).interfaces))
}

function stall(world: World, random: Random): void {
  const victim = anyOf(world, random)
  const leftMs = world.plan.stormMs - world.schedule.time
  victim?.stall(Math.min(leftMs, random.pick([30, 300, 2000, 7000])))
}

function crash(world: World, random: Random): void {
  const victim = anyOf(world, random)
  if (!victim) return
  world.end(victim)
  if (random.chance(0.6)) {
    world.schedule.after(random.pick([1, 100, 2000]), () => world.start(victim.options))
  }
}

function close(world: World, random: Random): void {
  const victim = anyOf(world, random)
  if (victim) world.close(victim, random.pick([0, 50, 500, 2000]))
}

/** Someone who can be done without: two stay. */
function anyOf(world: World, random: Random): Process | undefined {
  const open = world.processes.filter((process) => process.open)
  return open.length > 2 ? random.pick(open) : undefined
}

/** Large datagrams do not reach some hosts. */
function narrow(world: World, random: Random): void {
  const narrowed = (host: Host): void => {
    for (const port of host.interfaces) port.datagramSize = 1452
  }
  for (const host of world.network.hosts) if (random.chance(0.5)) narrowed(host)
}

function intrude(
  world: World,
  intruder: Intruder,
  habit: { readonly random: Random; readonly pauseMs: number },
): void {
  const { random, pauseMs } = habit
  const { faults, stormMs } = world.plan
  const alive = world.processes.filter((process) => process.alive)
  if (alive.length > 0) {
    const victim = random.pick(alive)
    const again = faults.has('replay') && (!faults.has('junk') || random.chance(0.5))
    if (again) intruder.replay(world.schedule.time, victim)
    else intruder.junk(victim)
  }
  if (world.schedule.time > stormMs) return
  world.schedule.after(random.between(0, pauseMs * 2), () => intrude(world, intruder, habit))
}
