/** `npm run map`: writes the file map into docs/architecture.md and prints it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileMap, MAP_DOCUMENT, MAPPED_FOLDERS, withMap } from './file-map.ts'
import { readSources } from './source.ts'

const map = fileMap(readSources(MAPPED_FOLDERS))
writeFileSync(MAP_DOCUMENT, withMap(readFileSync(MAP_DOCUMENT, 'utf8'), map))
process.stdout.write(map)
