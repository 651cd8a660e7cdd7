/** The example for Kubernetes: fields that exist, and settings, ports and probes that fit the relay. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { relaySettingsOf } from '../../../bus/cli/relay-settings.ts'
import { settingsOf } from '../../../bus/cli/settings.ts'
import { type NetworkInterface, requireInterfaces } from '../../../bus/io/interfaces.ts'
import { parseListen } from '../../../bus/io/listen.ts'
import { defaultRelayLimits } from '../../../relay/index.ts'
import { relayWith } from '../relay/world.ts'

const directory = mkdtempSync(join(tmpdir(), 'sixcast-kubernetes-'))
afterAll(() => rmSync(directory, { recursive: true }))

const text = readFileSync('compose/kubernetes.yaml', 'utf8')
const name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
const labels = z.record(z.string(), z.string())
const metadata = z.strictObject({ name, labels: labels.optional() })
const quantity = z.string().regex(/^\d+(m|Ki|Mi|Gi)?$/)
const quantities = z.strictObject({ cpu: quantity.optional(), memory: quantity })

/** The part of core/v1 and apps/v1 that the example has; another field is a slip of the pen. */
const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string().startsWith('/'), port: name.max(15) }),
  periodSeconds: z.number().int().min(1),
  timeoutSeconds: z.number().int().min(1).optional(),
  failureThreshold: z.number().int().min(1).optional(),
})
const variable = z.strictObject({
  name: z.string().regex(/^[A-Z_]+$/),
  valueFrom: z.strictObject({ secretKeyRef: z.strictObject({ name, key: z.string() }) }),
})
const container = z.strictObject({
  name,
  image: z.string(),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
  args: z.array(z.string()),
  env: z.array(variable),
  ports: z.array(
    z.strictObject({
      name: name.max(15),
      containerPort: z.number().int(),
      hostPort: z.number().int(),
      protocol: z.enum(['TCP', 'UDP']),
    }),
  ),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  resources: z.strictObject({ requests: quantities, limits: quantities }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  volumeMounts: z.array(
    z.strictObject({ name, mountPath: z.string().startsWith('/'), readOnly: z.literal(true) }),
  ),
})
const pod = z.strictObject({
  hostNetwork: z.literal(true),
  // With the node's network the default would leave out the cluster's names.
  dnsPolicy: z.literal('ClusterFirstWithHostNet'),
  automountServiceAccountToken: z.literal(false),
  enableServiceLinks: z.literal(false),
  terminationGracePeriodSeconds: z.number().int().min(5),
  securityContext: z.strictObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.number().int().min(1),
    runAsGroup: z.number().int().min(1),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  containers: z.tuple([container]),
  volumes: z.array(z.strictObject({ name, configMap: z.strictObject({ name }) })),
})
const configMap = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('ConfigMap'),
  metadata,
  data: z.record(z.string(), z.string()),
})
const daemonSet = z.strictObject({
  apiVersion: z.literal('apps/v1'),
  kind: z.literal('DaemonSet'),
  metadata,
  spec: z.strictObject({
    selector: z.strictObject({ matchLabels: labels }),
    updateStrategy: z.strictObject({
      type: z.literal('RollingUpdate'),
      rollingUpdate: z.strictObject({ maxUnavailable: z.number().int().min(1) }),
    }),
    template: z.strictObject({
      metadata: z.strictObject({ labels, annotations: labels }),
      spec: pod,
    }),
  }),
})

const documents = parseAllDocuments(text)
const [map, set] = z
  .tuple([configMap, daemonSet])
  .parse(documents.map((document) => document.toJS() as unknown))
const [relay] = set.spec.template.spec.containers

async function settings(): Promise<Awaited<ReturnType<typeof relaySettingsOf>>> {
  const config = join(directory, 'relay.json')
  writeFileSync(config, map.data['relay.json'] ?? '')
  await settingsOf({ config }, {})
  return relaySettingsOf({ config }, {}, defaultRelayLimits)
}

describe('compose/kubernetes.yaml', () => {
  it('is YAML, and means the same by version 1.1, which Kubernetes reads', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([])
    const old = parseAllDocuments(text, { version: '1.1' }).map((one) => one.toJS() as unknown)
    expect(old).toEqual([map, set])
  })

  it('selects its own pods', () => {
    expect(set.spec.template.metadata.labels).toMatchObject(set.spec.selector.matchLabels)
  })

  it('mounts what it has, and reads its settings from there', () => {
    const { volumes } = set.spec.template.spec
    expect(relay.volumeMounts.map((mount) => mount.name)).toEqual(volumes.map((one) => one.name))
    expect(volumes[0]?.configMap.name).toBe(map.metadata.name)
    const [mount] = relay.volumeMounts
    const at = relay.args[relay.args.indexOf('--config') + 1]
    expect(at).toBe(`${mount?.mountPath}/${Object.keys(map.data)[0]}`)
  })

  it('has settings that the relay takes, and the key from its own variable', async () => {
    const { listen, metrics } = await settings()
    const { port } = parseListen(listen!)!
    expect(relay.ports.find((one) => one.name === 'links')).toMatchObject({
      containerPort: port,
      hostPort: port,
      protocol: 'TCP',
    })
    const { annotations } = set.spec.template.metadata
    expect(metrics).toBe(annotations['prometheus.io/scrape'] === 'true')
    expect(annotations['prometheus.io/port']).toBe(String(port))
    const { key } = JSON.parse(map.data['relay.json'] ?? '') as { key: string }
    expect(key).toBe(`env:${relay.env[0]?.name}`)
  })

  it('finds the interfaces of a node, whatever they are called, and none of its pods', () => {
    const { interface: names } = JSON.parse(map.data['relay.json'] ?? '') as { interface: string[] }
    const pods = ['veth0a1b', 'cali1234', 'eni5678', 'lxc9abc', 'cni0', 'docker0'].map(interfaceOf)
    for (const own of ['eth0', 'ens5', 'enp3s0', 'eno1'].map(interfaceOf)) {
      const wish = { scope: 'link', names, carries: () => false } as const
      expect(requireInterfaces([own, ...pods], wish)).toEqual([own])
    }
  })

  it('lets no more wait than it has memory for', async () => {
    const limits = { ...defaultRelayLimits, ...(await settings()).limits }
    const { sessionsSize, buffersSize, cacheSize, trunks, trunkBufferSize, crossings } = limits
    const waiting = sessionsSize + buffersSize + cacheSize + trunks * trunkBufferSize
    // 200 bytes for each packet of the cache, 150 for each that has crossed, and the process itself.
    const beside = (cacheSize / 1232) * 200 + crossings * 150 + 128 * MEBIBYTE
    const { memory } = relay.resources.limits
    expect(memory).toMatch(/^\d+Mi$/)
    expect(waiting + beside).toBeLessThan(Number.parseInt(memory, 10) * MEBIBYTE)
  })

  it('asks where the relay answers', async () => {
    const live = await relayWith({ metrics: true })
    const { startupProbe, livenessProbe, readinessProbe } = relay
    const paths = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => {
      expect(httpGet.port).toBe('links')
      return httpGet.path
    })
    const asked = [...paths, set.spec.template.metadata.annotations['prometheus.io/path']!]
    for (const path of asked) {
      const { status } = await fetch(live.url.replace('ws:', 'http:') + path)
      expect({ path, status }).toEqual({ path, status: 200 })
    }
  })
})

function interfaceOf(own: string): NetworkInterface {
  const about = { linkLocal: true, loopback: false, multicast: true }
  return { name: own, index: 2, zone: own, addresses: [`fe80::2%${own}`], ...about }
}

const MEBIBYTE = 1024 * 1024
