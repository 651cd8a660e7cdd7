/**
 * A container engine of the tests' own: the machine's network, mounts and services stay as they are.
 *
 * dockerd runs as what a host of a lab runs, so its bridges and its firewall are in that host's
 * network namespace, and the lab's ways of cleaning up are the engine's: the end of the tests, the
 * exit of their process, and after a SIGKILL the next lab. Its processes and mounts are in namespaces
 * that go with the shell that started it (engine.sh).
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Lab, openLab } from '../net/lab/lab.ts'
import { HostProcess } from '../net/lab/process.ts'
import { execute } from '../net/lab/tools.ts'

/** The namespace that holds the engine's bridges, by its label in the lab. */
export const ENGINE_HOST = 'engine'

export class Engine implements AsyncDisposable {
  readonly lab: Lab
  /** What leads clients of Docker to this engine and to no other, nor to a user's settings. */
  readonly environment: Readonly<Record<string, string>>
  readonly #process: HostProcess

  /** Use `openEngine`. */
  constructor(lab: Lab, engine: HostProcess) {
    this.lab = lab
    this.#process = engine
    this.environment = {
      DOCKER_HOST: socketOf(lab),
      DOCKER_CONFIG: join(lab.directory, 'client'),
      // The reaper's image would be pulled, and what it does ends with the engine anyway.
      TESTCONTAINERS_RYUK_DISABLED: 'true',
      // In a container testcontainers would ask the engine where it is itself.
      TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.end()
    await this.#process.exit
    await this.lab.close()
  }
}

/** Resolves when the engine answers. */
export async function openEngine(): Promise<Engine> {
  await requirePrograms()
  const lab = await openLab({ unused: [ENGINE_HOST] })
  try {
    await mkdir(join(lab.directory, 'client'))
    await writeFile(join(lab.directory, 'daemon.json'), JSON.stringify(settingsOf(lab)))
    const script = join(import.meta.dirname, 'engine.sh')
    const argv = ['sh', script, lab.directory, lab.id] as const
    const engine = new HostProcess({ label: 'dockerd', argv })
    await engine.errorLine(/API listen on/, 30_000)
    return new Engine(lab, engine)
  } catch (error) {
    await lab.close()
    throw error
  }
}

/** Throws an error that names what is missing and how to mend it. */
async function requirePrograms(): Promise<void> {
  for (const [program, debianPackage] of programs) {
    await execute('which', [program]).catch((cause: unknown) => {
      const mend = `\`npm test\` installs it, or: apt-get install ${debianPackage}`
      throw new Error(`the container tests need ${program}: ${mend}`, { cause })
    })
  }
}

function settingsOf(lab: Lab): object {
  return {
    hosts: [socketOf(lab)],
    'data-root': join(lab.directory, 'data'),
    'exec-root': join(lab.directory, 'exec'),
    pidfile: join(lab.directory, 'dockerd.pid'),
    'cgroup-parent': `/${lab.id}`,
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    // Without the engine's rules IPv6 would cross from one network to another.
    experimental: true,
    ip6tables: true,
  }
}

function socketOf(lab: Lab): string {
  return `unix://${join(lab.directory, 'docker.sock')}`
}

const programs = [
  ['dockerd', 'docker.io'],
  ['docker-compose', 'docker-compose'],
  ['busybox', 'busybox-static'],
] as const
