/** Before the container tests: an engine, a base image for it, and the image of compose/Dockerfile. */
import { resolve } from 'node:path'
import { GenericContainer } from 'testcontainers'
import type { TestProject } from 'vitest/node'
import { makeBaseImage } from './base-image.ts'
import { openEngine } from './engine.ts'

export interface ContainerWorld {
  /** The lab whose host is the engine, and a folder that goes with it. */
  readonly lab: string
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  readonly baseImage: string
  /** The image of compose/Dockerfile. */
  readonly image: string
}

declare module 'vitest' {
  interface ProvidedContext {
    containers: ContainerWorld
  }
}

/** Resolves with what takes it all down again. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = await openEngine()
  try {
    const { environment } = engine
    const { id, directory } = engine.lab
    Object.assign(process.env, environment)
    const baseImage = await makeBaseImage(directory)
    await GenericContainer.fromDockerfile(resolve('.'), 'compose/Dockerfile')
      .withBuildArgs({ BASE: baseImage })
      .build(IMAGE, { deleteOnExit: false })
    project.provide('containers', { lab: id, directory, environment, baseImage, image: IMAGE })
  } catch (error) {
    await engine[Symbol.asyncDispose]()
    throw error
  }
  return () => engine[Symbol.asyncDispose]()
}

const IMAGE = 'sixcast'
