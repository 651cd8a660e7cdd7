/** Vectors of links: what both sides prove, the records, and the control key file. */
import { derive } from '../../bus/core/seal/control-keys.ts'
import { controlParts } from '../../bus/core/seal/keys.ts'
import { LinkProof } from '../../bus/core/seal/link-proof.ts'
import { utf8 } from '../../bus/core/text.ts'
import {
  writeChallenge,
  writeDatagram,
  writeGroups,
  writeHears,
  writeInstances,
  writeMulticast,
  writeProof,
  writeProofClaim,
  writeReceived,
  writeRights,
  writeRung,
  writeSign,
  writeUnicast,
  writeWelcome,
  writeWelcomeTerms,
} from '../../bus/core/wire/link.ts'
import { controlKeyText } from '../../bus/io/control-key.ts'
import { counting, crypto } from '../unit/core/crypto.ts'
import { identity, realmName, root, sealedRealm, sign } from './samples.ts'

export function linkVectors(): object {
  const proof = new LinkProof(crypto, sealedRealm)
  const relayNonce = counting(32, 0x10)
  const claim = {
    nonce: counting(32, 0x30),
    identity: identity.publicKey,
    hint: sealedRealm.hint,
    scope: 2,
    port: 40_000,
    session: 0x0807060504030201n,
    received: 300,
  }
  const claimed = writeProofClaim(claim)
  const mac = proof.peerMac(relayNonce, claimed)
  const statement = proof.statement(relayNonce, claimed)
  const signature = sign(statement)
  const terms = {
    port: 40_000,
    intervalMs: 2500,
    groups: 4096,
    datagramSize: 1232,
    resumed: true,
  }
  const told = writeWelcomeTerms(terms)
  const relayMac = proof.relayMac(relayNonce, mac, told)
  const group = 'ff12:1:2:3:4:5:8000:1'
  const endpoint = { address: 'fe80:0:0:0:1:2:3:4%3', port: 40_001 }
  const datagram = counting(4)
  return {
    about: 'link key = the first 32 bytes of HMAC-SHA-512(control key, "sixcast/1/link")',
    controlKeyFile: controlKeyText({
      parts: controlParts(crypto, { name: realmName, root }),
      owner: undefined,
    }),
    linkKey: derive(crypto, sealedRealm.control, utf8('sixcast/1/link')),
    relayNonce,
    peer: { ...claim, claim: claimed, mac, statement, signature },
    relay: { ...terms, terms: told, mac: relayMac },
    records: {
      challenge: writeChallenge(relayNonce),
      proof: writeProof(claimed, mac, signature),
      welcome: writeWelcome(told, relayMac),
      join: writeGroups('join', [group, 'ff12:1:2:3:4:5:8000:2'])[0],
      leave: writeGroups('leave', [group])[0],
      rejoin: writeGroups('rejoin', [group])[0],
      multicast: writeMulticast(group, datagram),
      unicast: writeUnicast(endpoint, datagram),
      datagram: writeDatagram(endpoint, datagram),
      ping: writeSign('ping'),
      pong: writeSign('pong'),
      rights: writeRights(datagram),
      rung: writeRung(true, counting(16, 0x50)),
      hears: writeHears(true, 0x0102030405060708n),
      spare: writeInstances('spare', [1n, 0xf0e0d0c0b0a09080n])[0],
      need: writeInstances('need', [1n])[0],
      received: writeReceived(300),
    },
  }
}
