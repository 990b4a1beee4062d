import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { findBreaches, importsOf } from './layers.ts'
import { suite } from './suite.ts'
import { tempDir } from './temp-dir.ts'

const test = suite('layers')

async function breachesOf(files: Record<string, string>): Promise<string[]> {
  await using dir = await tempDir()
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir.path, file)), { recursive: true })
    await writeFile(join(dir.path, file), text)
  }
  return await findBreaches(dir.path)
}

/** One planted file, its import, and what must be said of it. */
const BREACHES: [file: string, code: string, said: RegExp][] = [
  [
    'actors/policy/p.ts',
    "import { c } from '../campaign/c.ts'",
    /^actors\/policy\/p\.ts:1: .*campaign/,
  ],
  ['actors/protocol/p.ts', "export * from '../policy/p.ts'", /must not import actors\/policy/],
  [
    'actors/runtime/r.ts',
    "import type { S } from '../shard/s.ts'",
    /must not import actors\/shard/,
  ],
  ['actors/shard/s.ts', "const m = await import('../main.ts')", /must not import actors\/main\.ts/],
  ['actors/shard/s.ts', "import '../../gateway/auction/rank.ts'", /gateway\/auction.*outside/],
  ['actors/jobs/j.ts', "import { d } from '../../deploy/doctor.ts'", /deploy\/doctor\.ts.*outside/],
  ['actors/campaign/c.ts', "import { readFile } from 'node:fs/promises'", /pure.*node:fs/],
  ['actors/simulation/s.ts', "import { readFileSync } from 'fs'", /pure.*fs/],
  ['actors/campaign/c.ts', "import { connect } from 'nats'", /pure.*nats/],
  ['actors/policy/p.ts', "import { jetstream } from '@nats-io/jetstream'", /pure.*@nats-io/],
  ['actors/protocol/p.ts', "import pino from 'pino'", /pure.*pino/],
  ['gateway/auction/a.ts', "import { S } from '../../actors/shard/s.ts'", /actors\/shard/],
  ['gateway/auction/a.ts', "import { r } from '../http/routes.ts'", /gateway\/http/],
  ['gateway/http/h.ts', "import { c } from '../cli/c.ts'", /gateway\/cli/],
  ['gateway/http/h.ts', "import { u } from '../../test/support/until.ts'", /test\/support/],
  ['actors/attic/a.ts', 'export const a = 1', /no known room/],
]

for (const [file, code, said] of BREACHES) {
  test(`catches in ${file}: ${code}`, async () => {
    const breaches = await breachesOf({ [file]: `${code}\n` })
    assert.equal(breaches.length, 1, breaches.join('\n'))
    assert.match(breaches[0] ?? '', said)
  })
}

test('lets through what the order of the rooms allows', async () => {
  const breaches = await breachesOf({
    'actors/campaign/c.ts': [
      "import assert from 'node:assert/strict'",
      "import { z } from 'zod'",
      "import { DateTime } from 'luxon'",
      "import { Packr } from 'msgpackr/pack'",
      "import { score } from '../policy/index.ts'",
      "import { lead } from './lead.ts'",
    ].join('\n'),
    'actors/shard/s.ts': "import 'nats'\nimport { x } from '../runtime/clock.ts'\n",
    'actors/main.ts': "import { x } from './shard/host.ts'\n",
    'gateway/http/h.ts': "import { award } from '../auction/award.ts'\n",
    'gateway/cli/c.ts': "import { x } from '../../actors/simulation/world.ts'\n",
    'gateway/main.ts': "import { x } from '../deploy/embedded.ts'\n",
  })
  assert.deepEqual(breaches, [])
})

test('finds an import of several lines at the line of its specifier', () => {
  const text = "\nimport {\n  a,\n  b as c,\n} from './a.ts'\nexport { d } from './d.ts'\n"
  assert.deepEqual(importsOf(text), [
    { line: 5, specifier: './a.ts' },
    { line: 6, specifier: './d.ts' },
  ])
})

test('is not misled by comments and strings', () => {
  const text = [
    "// import { a } from './a.ts'",
    "/* import './b.ts'",
    "import './c.ts' */",
    "const glob = 'actors/**'",
    "import { d } from './d.ts' // after what looked like the start of a comment",
    "const url = 'nats://host'; const e = import('./e.ts')",
  ].join('\n')
  const found = importsOf(text).map(({ specifier }) => specifier)
  assert.deepEqual(found, ['./d.ts', './e.ts'])
})

test('an empty tree is an error, not a clean bill', async () => {
  await using dir = await tempDir()
  await assert.rejects(findBreaches(dir.path), /holds no actors/)
})

test('as a program it prints each breach and exits 1', async () => {
  await using dir = await tempDir()
  await mkdir(join(dir.path, 'actors/policy'), { recursive: true })
  await writeFile(join(dir.path, 'actors/policy/p.ts'), "import 'nats'\n")
  const args = ['--import', 'tsx', 'test/support/layers.ts', dir.path]
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: PROJECT_DIR,
    encoding: 'utf8',
  })
  assert.equal(status, 1)
  assert.match(stderr, /^actors\/policy\/p\.ts:1: .*nats$/m)
})

test.run()
