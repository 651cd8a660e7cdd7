/**
 * A base image made of this machine's Node, npm and busybox, since the tests reach no image
 * registry.
 *
 * The engine's network leads nowhere, so npm inside gets the packages from a cache in the image.
 */
import { spawn } from 'node:child_process'
import { chmod, copyFile, cp, mkdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { getContainerRuntimeClient } from 'testcontainers'
import { execute } from '../net/lab/tools.ts'

/** Makes the image from a new folder below the one given; resolves with its name. */
export async function makeBaseImage(folder: string): Promise<string> {
  const root = join(folder, 'base')
  for (const empty of ['etc', 'dev', 'proc', 'sys', 'tmp', 'bin', 'usr/bin', 'usr/local/bin']) {
    await mkdir(join(root, empty), { recursive: true })
  }
  await chmod(join(root, 'tmp'), 0o1777)
  await addBusybox(root)
  await addProgram(root, process.execPath, '/usr/bin/node')
  await addNpm(root)
  await fillCache(root, join(folder, 'packages'))
  await writeFile(join(root, 'etc/passwd'), users)
  await writeFile(join(root, 'etc/group'), groups)
  await importImage(root)
  return NAME
}

/** A program, and the libraries it loads. */
async function addProgram(root: string, program: string, place: string): Promise<void> {
  await copyFile(program, join(root, place))
  // It fails for a program that loads none.
  const libraries = await execute('ldd', [program]).catch(() => '')
  for (const [, library = ''] of libraries.matchAll(/(?:^\s|=> )(\/\S+) \(/gm)) {
    await mkdir(join(root, dirname(library)), { recursive: true })
    await copyFile(library, join(root, library))
  }
}

async function addBusybox(root: string): Promise<void> {
  const busybox = (await execute('which', ['busybox'])).trim()
  await addProgram(root, busybox, '/bin/busybox')
  const names = (await execute(busybox, ['--list'])).trim().split('\n')
  for (const name of names.filter((each) => each !== 'busybox')) {
    await symlink('/bin/busybox', join(root, 'bin', name))
  }
  await symlink('/bin/busybox', join(root, 'usr/bin/env')) // Where scripts look for it.
}

async function addNpm(root: string): Promise<void> {
  // npm is a link to PACKAGE/bin/npm-cli.js.
  const program = await realpath((await execute('which', ['npm'])).trim())
  await cp(dirname(dirname(program)), join(root, 'usr/lib/npm'), { recursive: true })
  await symlink('../lib/npm/bin/npm-cli.js', join(root, 'usr/bin/npm'))
}

/** Installs on this machine what the image will install, so that the cache has all of it. */
async function fillCache(root: string, folder: string): Promise<void> {
  await mkdir(folder)
  for (const file of ['package.json', 'package-lock.json']) await copyFile(file, join(folder, file))
  const install = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund']
  const place = ['--prefix', folder, '--cache', join(root, 'npm-cache')]
  await execute('npm', [...install, ...place], { timeoutMs: 120_000 })
}

async function importImage(root: string): Promise<void> {
  const { container } = await getContainerRuntimeClient()
  const registry = (await execute('npm', ['config', 'get', 'registry'])).trim()
  const settings = { cache: '/npm-cache', offline: 'true', registry }
  const variables = Object.entries(settings).map(([name, value]) => `npm_config_${name}=${value}`)
  const changes = ['PATH=/usr/local/bin:/usr/bin:/bin', ...variables].map((each) => `ENV ${each}`)
  const tar = spawn('tar', ['-C', root, '--owner=0', '--group=0', '-cf', '-', '.'])
  const options = { fromSrc: '-', repo: NAME, tag: 'latest', changes }
  const progress = await container.dockerode.importImage(tar.stdout, options)
  // The image is there when the engine has no more to say.
  const words = await text(progress)
  if (words.includes('error')) throw new Error(`no base image: ${words}`)
}

const NAME = 'sixcast-base'
/** As official images of Node have them. */
const users = 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n'
const groups = 'root:x:0:\nnode:x:1000:\n'
