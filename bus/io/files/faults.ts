/** The system's errors about files as those of the bus. */
import { BusError, type BusErrorCode } from '../../api/errors.ts'

/** `what` names the file and what was tried, as in: "/data/a" cannot be read. */
export function fileError(cause: unknown, what: string): BusError {
  if (cause instanceof BusError) return cause
  const { code = '', message } = cause as NodeJS.ErrnoException
  const [kind, mend] = KINDS.get(code) ?? (['DENIED', ''] as const)
  const reason = mend === '' ? message : `${mend} (${code})`
  return new BusError(kind, `${what}: ${reason}`, { cause })
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code
}

type Kind = readonly [BusErrorCode, string]
const full: Kind = ['NO_SPACE', 'the disk is full']
const denied: Kind = ['DENIED', 'permission is missing']
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['ENOSPC', full],
  ['EDQUOT', ['NO_SPACE', 'the quota is used up']],
  ['EFBIG', ['NO_SPACE', 'the file system takes no file of this size']],
  ['EACCES', denied],
  ['EPERM', denied],
  ['EROFS', ['DENIED', 'the file system is read-only']],
  ['ENOENT', ['NO_FILE', 'there is none']],
  ['ENOTDIR', ['NO_FILE', 'it is no folder']],
  ['EEXIST', ['EXISTS', 'there is one of this name']],
])
