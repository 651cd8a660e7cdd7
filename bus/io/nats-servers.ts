/** Which servers of NATS are named, and what proves a relay to them. */
import { each, type Rule, secret } from '../api/rules.ts'

export interface NatsServers {
  readonly servers: string[]
  readonly user?: string
  readonly pass?: string
  readonly token?: string
  readonly tls?: object
}

/** What proves a relay to a server of NATS: a file of credentials as a whole, or the seed of an NKey. */
export const NATS_CREDENTIALS: Rule = secret(
  (text) => credentialsKind(text) !== undefined,
  'all of a .creds file of NATS, or the seed of a user NKey (SU…)',
)

/** Which of both it is; undefined: neither. */
export function credentialsKind(text: string): 'file' | 'seed' | undefined {
  if (text.length > CREDENTIALS_MAX) return undefined
  if (/^SU[A-Z2-7]{56}\s*$/.test(text)) return 'seed'
  const hasBoth = /BEGIN NATS USER JWT[^]*BEGIN USER NKEY SEED/.test(text)
  return hasBoth ? 'file' : undefined
}

/** A server asks for one of both, and what is not asked for would be told to it. */
export function namesUser(urls: readonly string[]): boolean {
  return urls.some((url) => new URL(url).username !== '')
}

const CREDENTIALS_MAX = 65_536
const SERVERS_MAX = 16
const written = each(isUrl, {
  mend: `nats://HOST:PORT or tls://HOST:PORT, or a list of at most ${SERVERS_MAX}`,
  most: SERVERS_MAX,
})

/** What may be in it is a secret, and is not shown. */
export const NATS: Rule = {
  ...written,
  faultOf: (value) => {
    const fault = written.faultOf(value)
    return fault && { ...fault, found: fault.found.replaceAll(/[^/\s"']*@/g, '…@') }
  },
}

/** As the client of NATS takes them. */
export function serversOf(urls: readonly string[]): NatsServers {
  const all = urls.map((url) => new URL(url))
  // The client proves itself to all servers alike.
  const { username = '', password = '' } = all.find(({ username: user }) => user !== '') ?? {}
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)]
  return {
    servers: all.map(({ host }) => host),
    ...(user !== '' && (pass === '' ? { token: user } : { user, pass })),
    ...(all.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
  }
}

function isUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, host, pathname, search, hash, username, password } = new URL(value)
  if (!isEncoded(username) || !isEncoded(password)) return false
  const isBare = (pathname === '' || pathname === '/') && search === '' && hash === ''
  return (protocol === 'nats:' || protocol === 'tls:') && host !== '' && isBare
}

/** A percent sign that stands for itself is written as %25. */
function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
