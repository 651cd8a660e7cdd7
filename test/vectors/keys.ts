/** Vectors of the key hierarchy, tags and groups, derived here once more without the core. */
import { bytesOf64, concat } from '../../bus/core/bytes.ts'
import { Groups, SCOPES, type ScopeName } from '../../bus/core/path/group.ts'
import type { RealmKeys } from '../../bus/core/seal/keys.ts'
import { utf8 } from '../../bus/core/text.ts'
import { crypto } from '../unit/core/crypto.ts'
import { openRealm, realmName, root, sealedRealm, sender, topic } from './samples.ts'

const topics = ['a', 'a/b', 'a/b/c', 'ab', topic, 'küche/licht']

export function keyVectors(): object {
  return {
    about: 'derive(key, label) = the first 32 bytes of HMAC-SHA-512(key, label)',
    sealed: hierarchy(sealedRealm, root),
    open: hierarchy(openRealm, utf8('sixcast/1/open')),
  }
}

export function groupVectors(): object {
  const byScope = (realm: RealmKeys): object =>
    Object.fromEntries(
      Object.keys(SCOPES).map((scope) => [scope, groupsOf(realm, scope as ScopeName)]),
    )
  return {
    about: 'ff1S:: and 14 bytes of HMAC-SHA-512(address key, label), bit 31 of the last word set',
    labels: 'control: 00; topic: 01 and the tag; folded into n: 02 and the tag modulo n, 8 bytes',
    topic,
    tag: sealedRealm.tagOf(topic),
    sealed: byScope(sealedRealm),
    open: byScope(openRealm),
  }
}

function groupsOf(realm: RealmKeys, scope: ScopeName): object {
  const groups = (fold: number) => new Groups(scope, fold, (label) => realm.groupBytes(label))
  const tag = realm.tagOf(topic)
  return {
    control: groups(0).control,
    topic: groups(0).of(tag),
    foldedInto16: groups(16).of(tag),
  }
}

function hierarchy(realm: RealmKeys, realmRoot: Uint8Array): object {
  const key = derive(realmRoot, utf8(`realm:${realmName}`))
  const epoch = derive(key, concat(utf8('epoch'), bytesOf64(0n)))
  const control = derive(epoch, utf8('control'))
  const topicRoot = derive(epoch, utf8('topic'))
  const name = derive(key, utf8('name'))
  const names = derive(key, utf8('names'))
  const id = derive(key, utf8('id'))
  const { instance, salt, identity } = sender
  const senderLabel = concat(utf8('sixcast/1/sender'), id, bytesOf64(instance), salt, identity)
  const tag = crypto.hmac(name, utf8(topic)).subarray(0, 8)
  return {
    realm: realmName,
    root: realmRoot,
    realmKey: key,
    id,
    hint: crypto.hash(utf8(`sixcast/1/hint/${realmName}`)).subarray(0, 2),
    name,
    address: derive(key, utf8('address')),
    names,
    epoch: { number: 0, key: epoch, control, topic: topicRoot },
    topics: topics.map((text) => {
      const topicKey = text.split('/').reduce((at, part) => derive(at, utf8(part)), topicRoot)
      return {
        topic: text,
        tag: crypto.hmac(name, utf8(text)).subarray(0, 8),
        key: topicKey,
        dataKey: derive(topicKey, senderLabel),
      }
    }),
    sender: { identity, salt, instance, controlKey: derive(control, senderLabel) },
    sealedName: { topic, nonce: concat(tag, new Uint8Array(16)), sealed: sealName(realm, names) },
  }
}

function sealName(realm: RealmKeys, names: Uint8Array): Uint8Array {
  const text = utf8(topic)
  if (realm.open) return text
  const out = new Uint8Array(text.length + 16)
  const nonce = new Uint8Array(24)
  nonce.set(bytesOf64(realm.tagOf(topic)))
  crypto.seal(out, text, nonce, names)
  return out
}

function derive(key: Uint8Array, label: Uint8Array): Uint8Array {
  return new Uint8Array(crypto.hmac(key, label)).slice(0, 32)
}
