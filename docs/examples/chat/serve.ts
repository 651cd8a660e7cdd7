/** Serves the chat page, and on the same port the relay that its tabs call: `npm run chat`. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'rolldown'
import { type RelayOptions, serve } from 'sixcast/relay'

export interface Chat extends AsyncDisposable {
  readonly url: string
}

/** The relay's options, and the port of the page; 0: any. */
export async function openChat(options: RelayOptions, port: number): Promise<Chat> {
  const files = await filesOf()
  const server = createServer({ maxHeaderSize: 4096 }, ({ method, url = '' }, response) => {
    const file = method === 'GET' ? files.get(url.replace(/\?.*/, '')) : undefined
    if (!file) return void response.writeHead(404).end('not here\n')
    response.writeHead(200, { 'Content-Type': file.type, ...HEADERS }).end(file.body)
  })
  await new Promise<void>((done, fail) => {
    server.once('error', fail).listen(port, 'localhost', done)
  })
  // A string only for pipes.
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const relay = await serve({ ...options, listen: server, origins: [origin] })
  return {
    url: `${origin}/?realm=${options.realm ?? 'local'}`,
    async [Symbol.asyncDispose]() {
      await relay.close()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

interface File {
  readonly type: string
  readonly body: string
}

/** All that there is: no key is among them. */
async function filesOf(): Promise<ReadonlyMap<string, File>> {
  const folder = resolve('docs/examples/chat')
  const { output } = await build({
    input: resolve(folder, 'chat.ts'),
    platform: 'browser',
    tsconfig: false,
    output: { format: 'esm', minify: true, codeSplitting: false },
    write: false,
  })
  const page = await readFile(resolve(folder, 'index.html'), 'utf8')
  const style = await readFile(resolve(folder, 'chat.css'), 'utf8')
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: page }],
    ['/chat.css', { type: 'text/css; charset=utf-8', body: style }],
    ['/chat.js', { type: 'text/javascript; charset=utf-8', body: output[0].code }],
  ])
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: {
      realm: { ...text, default: 'local' },
      scope: { ...text, default: 'host' },
      port: { ...text, default: '8080' },
    },
  })
  const { realm, scope, port } = values
  // `serve` says what is wrong with them.
  const chat = await openChat({ realm, scope: scope as 'host' }, Number(port))
  const words = `--realm ${realm} --scope ${scope}`
  console.log(`the page        ${chat.url}`)
  console.log(`a key for it    sixcast keys export --topics 'chat/**' --realm ${realm}`)
  console.log(`listen, here    sixcast sub 'chat/*' --history all ${words}`)
  console.log(`speak, here     sixcast pub chat/NAME --lines --name NAME ${words}`)
}

/** Nothing but the page's own code runs there, and it calls nobody else. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
