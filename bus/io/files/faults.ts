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

/** Why a file is refused, as its sender is told: nothing of where this receiver keeps its files. */
export function reasonOf(error: BusError): string {
  return REASONS.get(error.code) ?? error.message
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
/** Those whose message names a path. */
const REASONS: ReadonlyMap<string, string> = new Map<BusErrorCode, string>([
  ['EXISTS', 'another file of this name is there'],
  ['NO_SPACE', 'its disk is too small or full'],
  ['DENIED', 'its system refused to write'],
  ['NO_FILE', 'its folder is not there'],
])
