/** Every test vector by the name of its file: what a stranger needs to speak with this bus. */
import { bodyVectors, controlVectors } from './bodies.ts'
import { directVectors } from './direct.ts'
import { groupVectors, keyVectors } from './keys.ts'
import { linkVectors } from './links.ts'
import { helloVectors, packetVectors } from './packets.ts'
import { pageVectors } from './pages.ts'
import { rightsVectors } from './rights.ts'
import { proofVectors } from './proofs.ts'
import { questionVectors } from './questions.ts'
import { plain } from './samples.ts'
import { shareVectors } from './shares.ts'
import { signatureVectors } from './signatures.ts'
import { variableVectors } from './variables.ts'

export function vectorTexts(): Readonly<Record<string, string>> {
  return {
    'keys.json': text(keyVectors()),
    'groups.json': text(groupVectors()),
    'packets.json': text(packetVectors()),
    'hellos.json': text(helloVectors()),
    'control.json': text(controlVectors()),
    'rights.json': text(rightsVectors()),
    'bodies.json': text(bodyVectors()),
    'direct.json': text(directVectors()),
    'links.json': text(linkVectors()),
    'pages.json': text(pageVectors()),
    'proofs.json': text(proofVectors()),
    'questions.json': text(questionVectors()),
    'shares.json': text(shareVectors()),
    'signatures.json': text(signatureVectors()),
    'variables.json': text(variableVectors()),
  }
}

function text(vectors: object): string {
  return `${JSON.stringify(plain(vectors), undefined, 2)}\n`
}
