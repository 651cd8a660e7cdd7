/** Names labs after their owner, and removes what a lab, or a dead lab's owner, left behind. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { startTime } from './pid.ts'
import { executeNow } from './tools.ts'

/**
 * A lab is a temporary folder and network namespaces that carry its id. The id tells whose it is
 * for good, because a pid comes back but not together with its start time:
 * `sixlab-PID-STARTTIME-RANDOM`.
 */
export function newLabDirectory(): string {
  return mkdtempSync(join(tmpdir(), `${prefix}-${process.pid}-${startTime(process.pid)}-`))
}

/** Removes the labs whose owner died without a chance to do so, as by SIGKILL. */
export function sweepDeadLabs(): void {
  const names = [...namespaces(), ...filesIn(tmpdir())]
  const ids = new Set(names.flatMap((name) => idPattern.exec(name)?.[0] ?? []))
  for (const id of ids) {
    if (!ownerLives(id)) removeLab(id)
  }
}

/**
 * Ends every process in the lab's namespaces, deletes these, and then the folder. It does not
 * await, so that it also works while the process exits.
 */
export function removeLab(id: string): void {
  const names = namespaces().filter((name) => name.startsWith(`${id}-`))
  killInside(names)
  const batch = names.map((name) => `netns delete ${name}\n`).join('')
  // Another sweep may have been faster: one that is gone already does not stop the others.
  const complaint = executeNow('ip', ['-force', '-batch', '-'], batch)
  rmSync(join(tmpdir(), id), { recursive: true, force: true })
  const left = namespaces().filter((name) => name.startsWith(`${id}-`))
  if (left.length > 0) throw new Error(`namespaces are left: ${left.join(', ')}: ${complaint}`)
}

/** The id of the lab that owns a folder made by `newLabDirectory`. */
export function labId(directory: string): string {
  return basename(directory)
}

function killInside(names: readonly string[]): void {
  const inodes = new Set(names.flatMap((name) => inode(join(namespaceFolder, name)) ?? []))
  const deadline = Date.now() + killMs
  for (;;) {
    const pids = filesIn('/proc').filter(isInside)
    if (pids.length === 0) return
    if (Date.now() > deadline) throw new Error(`processes do not end: ${pids.join(', ')}`)
    for (const pid of pids) kill(Number(pid))
    Atomics.wait(sleeper, 0, 0, 5) // The one way to wait without awaiting.
  }

  function isInside(pid: string): boolean {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false
    return inodes.has(inode(`/proc/${pid}/ns/net`) ?? 0)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was faster.
  }
}

function ownerLives(id: string): boolean {
  const [, pid = '', started = ''] = idPattern.exec(id) ?? []
  return startTime(Number(pid)) === started
}

function namespaces(): string[] {
  return filesIn(namespaceFolder)
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function inode(path: string): number | undefined {
  try {
    return statSync(path).ino
  } catch {
    return undefined
  }
}

const prefix = 'sixlab'
const idPattern = /^sixlab-(\d+)-(\d+)-[A-Za-z0-9]{6}/
const namespaceFolder = '/run/netns'
const killMs = 5_000
const sleeper = new Int32Array(new SharedArrayBuffer(4))
