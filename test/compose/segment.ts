/** A network of the engine, with IPv6: what containers on it say, other networks do not hear. */
import { getContainerRuntimeClient, type StartedTestContainer } from 'testcontainers'
import { inject } from 'vitest'
import { type Capture, startCapture } from '../net/lab/capture.ts'
import { Namespace } from '../net/lab/namespace.ts'
import { ENGINE_HOST } from './engine.ts'

export async function openSegment(name: string): Promise<Segment> {
  const { container } = await getContainerRuntimeClient()
  segments += 1
  // The `Network` of testcontainers has no IPv6.
  const network = await container.dockerode.createNetwork({
    Name: name,
    Driver: 'bridge',
    EnableIPv6: true,
    IPAM: { Config: [{ Subnet: `fd5e:93a7:1c04:${segments.toString(16)}::/64` }] },
    Options: { 'com.docker.network.bridge.name': name },
  })
  return new Segment(name, network)
}

export class Segment implements AsyncDisposable {
  /** Of the network, and of its bridge. */
  readonly name: string
  readonly #network: DockerNetwork

  /** Use `openSegment`. */
  constructor(name: string, network: DockerNetwork) {
    this.name = name
    this.#network = network
  }

  async connect(container: StartedTestContainer): Promise<void> {
    await this.#network.connect({ Container: container.getId() })
  }

  async disconnect(container: StartedTestContainer): Promise<void> {
    await this.#network.disconnect({ Container: container.getId() })
  }

  /** Everything in UDP over IPv6 that crosses the bridge. */
  capture(): Promise<Capture> {
    const { lab: id, directory } = inject('containers')
    const engine = new Namespace(ENGINE_HOST, { id, directory, processes: new Set() })
    return startCapture(engine, this.name, 'ip6 and udp')
  }

  /** Containers must have left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network.remove()
  }
}

type Client = Awaited<ReturnType<typeof getContainerRuntimeClient>>
type DockerNetwork = ReturnType<Client['network']['getById']>

let segments = 0
