/** Writes the test vectors: `npm run vectors`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vectorTexts } from './vectors.ts'

for (const [name, text] of Object.entries(vectorTexts())) {
  writeFileSync(join('test', 'vectors', name), text)
}
