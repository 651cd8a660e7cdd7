/** Seeds that once found a bug, with what it was: they always run. */

export const KNOWN_SEEDS: ReadonlyMap<number, string> = new Map([
  [6, 'asked for bindings for ever within one timer'],
  [16, 'delivered a reliable stream again when its publisher came back'],
  [38, 'kept packets for ever after ten lost attaches; renewed one dark group at a time'],
  [75, 'took beacons of its own host for proof that it hears the segment'],
  [77, 'never renewed its memberships once everybody had expired'],
  [99, 'went on without a gap when a best-effort publisher came back'],
  [204, 'sent no beacons while it was made to send hellos'],
  [242, 'waited at close for who had unsubscribed'],
  [274, 'waited at close for who had unsubscribed'],
  [8033, 'waited for each of many holes one after the other'],
  [2119, 'took a deadline set in the past for a stall, and kept the dead'],
  [409, 'stayed deaf when a switch forgot it before it had met anybody'],
  [692, 'waited for ever for packets between early ones that came before the start was known'],
  [30667, 'named nobody at its close of whom it had lost sight'],
  [40494, 'named nobody at its close of whom it had lost sight'],
  [70646, 'waited at its close for an attach that a replay had made due much later'],
  [4019, 'never asked for a checkpoint whose place a forgery had taken'],
  [4024, 'dropped a signed packet unread since a forgery had its number'],
  [4228, 'did not look again at a checkpoint that vouched for what came later'],
  [49674, 'left the newest value behind when the one before it had expired'],
])
