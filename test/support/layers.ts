// Who may import whom, for what the linter's settings cannot say: the order of the rooms, and the packages of the pure
// ones. `npm run check` runs it; each breach is one line `file:line: breach`.

import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'

/** A room imports itself and the rooms before it. */
const ACTOR_ROOMS = [
  'actors/protocol',
  'actors/policy',
  'actors/campaign',
  'actors/collections',
  'actors/simulation',
  'actors/runtime',
  'actors/shard',
  'actors/jobs',
  'actors/main.ts',
]
const PURE_ROOMS = new Set(ACTOR_ROOMS.slice(0, 5))
const PURE_PACKAGES = new Set([
  'zod',
  'xstate',
  'luxon',
  'msgpackr',
  'libphonenumber-js',
  'countries-and-timezones',
])
const PURE_BUILTINS = new Set(['node:assert', 'node:assert/strict'])

const GATEWAY_ROOMS = [
  'gateway/auction',
  'gateway/collections',
  'gateway/http',
  'gateway/cli',
  'gateway/main.ts',
]
/** These talk to the actors over messages alone; a command of the CLI and the wiring may reach further. */
const NARROW_GATEWAY: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['gateway/auction', new Set(['gateway/auction', 'actors/protocol', 'actors/runtime'])],
  [
    'gateway/collections',
    new Set(['gateway/collections', 'gateway/auction', 'actors/protocol', 'actors/runtime']),
  ],
  [
    'gateway/http',
    new Set(['gateway/http', 'gateway/auction', 'actors/protocol', 'actors/runtime']),
  ],
])

type Import = { line: number; specifier: string }

/** Every breach under `root`, in order of files and lines; throws when there is nothing to look at. */
export async function findBreaches(root: string): Promise<string[]> {
  const files = await sourceFiles(root)
  if (files.length === 0) throw new Error(`${root} holds no actors and no gateway`)
  const breaches: string[] = []
  for (const file of files) {
    if (!roomOf(file)) {
      breaches.push(`${file}:1: is in no known room (add the room to test/support/layers.ts)`)
    }
    for (const { line, specifier } of importsOf(await readFile(join(root, file), 'utf8'))) {
      const breach = breachOf(file, specifier)
      if (breach) breaches.push(`${file}:${line}: ${breach}`)
    }
  }
  return breaches
}

async function sourceFiles(root: string): Promise<string[]> {
  const found: string[] = []
  for (const top of ['actors', 'gateway']) {
    const entries = await readdir(join(root, top), { recursive: true }).catch(() => []) // none yet
    found.push(...entries.filter((name) => /\.[mc]?[jt]s$/.test(name)).map((n) => join(top, n)))
  }
  return found.sort()
}

/** The imports, re-exports and dynamic imports of a source text, types included: a type is a dependency as well. */
export function importsOf(text: string): Import[] {
  const code = withoutComments(text)
  const imports: Import[] = []
  for (const pattern of [
    /^\s*(?:import|export)\s+(?:type\s+)?[\w$*{},\s]*?\bfrom\s*(['"])([^'"\n]+)\1/gm,
    /^\s*import\s*(['"])([^'"\n]+)\1/gm,
    /\b(?:import|require)\s*\(\s*(['"`])([^'"`\n]+)\1/g,
  ]) {
    for (const match of code.matchAll(pattern)) {
      const end = match.index + match[0].length
      const line = code.slice(0, end).split('\n').length
      imports.push({ line, specifier: match[2] ?? '' })
    }
  }
  return imports.sort((a, b) => a.line - b.line)
}

/** Blanks comments and keeps their lines; strings are stepped over, since they may hold what looks like a comment. */
function withoutComments(text: string): string {
  const pattern =
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[\s\S]*?\*\//g
  return text.replace(pattern, (found) =>
    found.startsWith('/') ? found.replace(/[^\n]/g, ' ') : found,
  )
}

function breachOf(file: string, specifier: string): string | undefined {
  const room = roomOf(file)
  if (!room) return undefined // said once for the file
  if (!specifier.startsWith('.')) return packageBreach(room, specifier)
  const target = normalize(join(dirname(file), specifier))
  const targetRoom = roomOf(target) ?? target
  const allowed = NARROW_GATEWAY.get(room)
  if (allowed && !allowed.has(targetRoom)) {
    return `${room} must not import ${targetRoom} (only ${[...allowed].join(', ')})`
  }
  const own = ACTOR_ROOMS.indexOf(room)
  if (own < 0) return undefined
  const other = ACTOR_ROOMS.indexOf(targetRoom)
  if (other < 0) return `${room} must not import ${targetRoom}, which is outside the actors`
  return other > own ? `${room} must not import ${targetRoom}, which comes after it` : undefined
}

function packageBreach(room: string, specifier: string): string | undefined {
  if (!PURE_ROOMS.has(room)) return undefined
  if (PURE_BUILTINS.has(specifier)) return undefined
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (PURE_PACKAGES.has(name)) return undefined
  return `${room} is pure and must not import ${specifier}`
}

function roomOf(path: string): string | undefined {
  const rooms = [...ACTOR_ROOMS, ...GATEWAY_ROOMS]
  return rooms.find((room) => path === room || path.startsWith(`${room}/`))
}

async function main(root: string): Promise<void> {
  const breaches = await findBreaches(root)
  for (const breach of breaches) console.error(breach)
  console.log(`layers: ${breaches.length} breaches`)
  if (breaches.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(resolve(process.argv[2] ?? PROJECT_DIR))
}
