/** Everybody who takes part, by the name that `--peers` takes. */
import type { Contestant } from './contestant.ts'
import { mqtt } from './mqtt.ts'
import { nats } from './nats.ts'
import { raw } from './raw.ts'
import { redis } from './redis.ts'
import { sixcast } from './sixcast.ts'
import { webSocket } from './web-socket.ts'
import { zeromq } from './zeromq.ts'

export const contestants: Readonly<Record<string, Contestant>> = {
  sixcast: sixcast({ open: false, delivery: 'reliable' }),
  'sixcast-dgram': sixcast({ open: false, delivery: 'reliable', native: false }),
  'sixcast-best-effort': sixcast({ open: false, delivery: 'best-effort' }),
  'sixcast-open': sixcast({ open: true, delivery: 'reliable' }),
  'sixcast-open-best-effort': sixcast({ open: true, delivery: 'best-effort' }),
  raw,
  zeromq,
  nats,
  mqtt,
  redis,
  ws: webSocket,
}

/** Those that need nothing beyond what this repository's `npm ci` installs. */
export const BUILT_IN: readonly string[] = [
  ...Object.keys(contestants).filter((name) => name.startsWith('sixcast')),
  'raw',
  'ws',
]
