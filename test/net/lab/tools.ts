/** The system programs the lab stands on: looked for once, run with a deadline. */
import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** A root shell started with `su` often lacks the sbin folders, where half of the tools are. */
const searchPath = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`

export const toolEnvironment: NodeJS.ProcessEnv = { ...process.env, PATH: searchPath }

/** Throws an error that names what is missing and how to mend it. */
export function requireTools(path: string = searchPath, user: number = userId()): void {
  if (user !== 0) {
    throw new Error('the network lab makes network namespaces: run it as root (`sudo npm test`)')
  }
  const missing = tools.filter((tool) => !isOnPath(tool, path))
  if (missing.length > 0) {
    throw new Error(
      `the network lab needs ${missing.join(', ')}: ` +
        '`npm test` installs iproute2, iptables and tcpdump, or install them by hand',
    )
  }
}

export interface ExecuteOptions {
  readonly input?: string
  readonly timeoutMs?: number
}

/** Runs a tool to its end and resolves with its standard output; failure carries its words. */
export function execute(
  command: string,
  args: readonly string[],
  { input = '', timeoutMs = 30_000 }: ExecuteOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: toolEnvironment, timeout: timeoutMs })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
    child.stdin.on('error', () => {}) // The exit code tells more than a broken pipe.
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output)
      const end = signal === null ? `exited with ${code}` : `was ended by ${signal}`
      reject(new Error(`${command} ${args.join(' ')} ${end}: ${errors.trim() || output.trim()}`))
    })
    child.stdin.end(input)
  })
}

/** For the end of a process, which cannot await: returns what the tool complained about. */
export function executeNow(command: string, args: readonly string[], input: string): string {
  const options = { input, env: toolEnvironment, encoding: 'utf8' } as const
  const { error, stderr } = spawnSync(command, args, options)
  return error === undefined ? stderr.trim() : error.message
}

function isOnPath(tool: string, path: string): boolean {
  return path.split(':').some((folder) => folder !== '' && isExecutable(join(folder, tool)))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function userId(): number {
  return process.getuid?.() ?? -1
}

const tools = ['ip', 'bridge', 'tc', 'ip6tables', 'tcpdump']
