/** What a datagram that the system refuses tells whoever runs the program. */

/** `sizeMax`: what a datagram of this transport may have at most. */
export function refusal(code: string, sizeMax: number): string {
  if (code !== 'EMSGSIZE') return `the system refused a datagram: ${code}${hints[code] ?? ''}`
  return (
    `the system refused a datagram as too large (EMSGSIZE): datagrams are up to ` +
    `${sizeMax} bytes; UDP carries ${udpMax} at most, less where the path says so`
  )
}

const hints: Readonly<Record<string, string>> = {
  EPERM: ' (a firewall on this machine drops it)',
  EACCES: ' (a firewall on this machine rejects it)',
  EMFILE: ' (too many open files: raise `ulimit -n`)',
  ERR_SYSTEM_ERROR: ' (too many open files: raise `ulimit -n`)',
}
/** What fits into an IPv6 packet with a 16-bit length beside the UDP header. */
const udpMax = 65_527
