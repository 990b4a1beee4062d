// What deploy/ hands to others: it can be parsed, and names what exists.

import assert from 'node:assert/strict'
import { VARIABLES } from '../../actors/runtime/config.ts'
import { COMMON_OPTIONS, optionsOf } from '../../deploy/program.ts'
import { suite } from '../support/suite.ts'
import { engineText, exists, filesOf, found, missing, read } from './project.ts'

const test = suite('manifests')
/** Of a container, those that name a main file. */
const ARGS = /(?<=(?:command|args): )\[.*main\.ts"\]/g

async function manifests(): Promise<Map<string, string>> {
  return await filesOf(['deploy'], ['.yaml', '.service', '.env', 'Dockerfile'])
}

test('every yaml file keeps to a form any parser reads', async () => {
  const files = await filesOf(['deploy'], ['.yaml'])
  assert.ok(files.size >= 8)
  for (const [path, text] of files) assert.deepEqual(faultsIn(text), [], path)
})

test('whoever starts a process gives it the same options', async () => {
  const scripts = JSON.parse(await read('package.json')).scripts as Record<string, string>
  const roles = Object.keys(scripts).filter((name) => name.startsWith('start:'))
  assert.ok(roles.length >= 5)
  const command = (main: string) => ['node', ...optionsOf(main), main].join(' ')
  const mainIn = (text = '') => /[\w/-]*main\.ts/.exec(text)?.[0] ?? ''
  for (const role of roles) {
    assert.equal(scripts[role], `exec ${command(mainIn(scripts[role]))}`, role)
  }
  const files = await filesOf(['deploy'], ['.service'])
  const units = [...files].filter(([, text]) => text.includes('main.ts'))
  assert.ok(units.length >= 3)
  for (const [path, text] of units) {
    assert.ok(text.includes(`ExecStart=/usr/bin/${command(mainIn(text))}\n`), path)
  }
  const list = (words: readonly string[]) => JSON.stringify(words).replaceAll(',', ', ')
  const image = await read('deploy/Dockerfile')
  assert.ok(image.includes(`ENTRYPOINT ${list(['node', ...COMMON_OPTIONS])}\n`))
  // What follows the image's entry point: options of the role alone, and its main file.
  const paths = ['compose.yaml', 'kubernetes/actors.yaml', 'kubernetes/gateway.yaml']
  const texts = await Promise.all(paths.map((path) => read(`deploy/${path}`)))
  const told = texts.flatMap((text) => text.match(ARGS) ?? [])
  assert.ok(told.length >= 6)
  for (const args of [...told, /(?<=CMD )\[.*\]/.exec(image)?.[0]]) {
    const main = mainIn(args)
    const more = optionsOf(main).slice(COMMON_OPTIONS.length)
    assert.equal(args, list([...more, main]))
  }
})

test('the check of yaml finds what a parser would', () => {
  for (const text of [
    'a:\n\tb: 1',
    'a: 1\na: 2',
    'a:\n    b: 1\n  c: 2',
    'a: [1, 2',
    'a: "b',
    'a: 1\nb',
  ]) {
    assert.notDeepEqual(faultsIn(text), [], text)
  }
  assert.deepEqual(
    faultsIn('a: |\n  b\n   c: x\nd:\n  - e: 1\n    f: [1]\n  - e: 2\n---\na: 1'),
    [],
  )
})

/** Faults of a plain subset of yaml: spaces, one key once, even levels, quotes and brackets closed. */
function faultsIn(text: string): string[] {
  const faults: string[] = []
  let levels: { column: number; keys: Set<string> }[] = []
  let block = -1
  for (const [i, line] of text.split('\n').entries()) {
    const fault = (what: string) => faults.push(`line ${i + 1}: ${what}`)
    if (line.includes('\t')) fault('a tab')
    const indent = line.length - line.trimStart().length
    if (line.trim() === '' || (block >= 0 && indent > block)) continue
    block = -1
    if (line.trimStart().startsWith('#')) continue
    if (line === '---') {
      levels = []
      continue
    }
    const dashes = /^(?:- )*/.exec(line.trimStart())?.[0].length ?? 0
    const column = indent + dashes
    const rest = line.slice(column)
    const deepest = levels.at(-1)?.column ?? -1
    // A dash begins a new mapping at its column.
    levels = levels.filter((level) => (dashes > 0 ? level.column < column : level.column <= column))
    const [, key, value = rest] = /^("[^"]*"|[\w.$/<-]+):(?: (.*))?$/.exec(rest) ?? []
    if (key === undefined && dashes === 0) fault('neither a key nor an item')
    const scalar = key === undefined ? rest : rest === `${key}:` ? '' : value
    if (!isClosed(scalar)) fault('a quote or bracket is open')
    if (key === undefined) continue
    let level = levels.at(-1)
    if (level?.column !== column) {
      if (dashes === 0 && column < deepest) fault('a level nobody began')
      level = { column, keys: new Set() }
      levels.push(level)
    }
    if (level.keys.has(key)) fault(`${key} twice`)
    level.keys.add(key)
    if (/^[|>][+-]?$/.test(scalar)) block = column
  }
  return faults
}

function isClosed(scalar: string): boolean {
  const plain = scalar.replace(/"(?:\\.|[^"\\])*"|'[^']*'/g, '').replace(/ #.*$/, '')
  if (/^["'[{]/.test(scalar) && /["']/.test(plain)) return false
  const count = (char: string) => plain.split(char).length
  return !/^[[{]/.test(scalar) || (count('[') === count(']') && count('{') === count('}'))
}

test('their variables are settings of the engine', async () => {
  for (const [path, text] of await manifests()) {
    assert.deepEqual(missing(found(text, /\b(LEADBID_[A-Z_]+)\b/g), VARIABLES), [], path)
  }
})

test('the programs and files they name are there', async () => {
  for (const [path, text] of await manifests()) {
    for (const file of found(text, /\b((?:actors|gateway|deploy)\/[\w/-]+\.(?:ts|mjs|yaml))\b/g)) {
      assert.ok(await exists(file), `${path} names ${file}`)
    }
  }
  for (const file of found(
    await read('deploy/kubernetes/kustomization.yaml'),
    /^ {2}- ([\w.-]+\.yaml)$/gm,
  )) {
    assert.ok(await exists(`deploy/kubernetes/${file}`), file)
  }
})

test('a stop is given longer than a process takes for it', async () => {
  const deadlineMs = Number(
    /STOP_DEADLINE_MS = ([\d_]+)/
      .exec(await read('actors/runtime/process.ts'))?.[1]
      ?.replaceAll('_', ''),
  )
  assert.ok(deadlineMs > 0)
  const grace = /(?:terminationGracePeriodSeconds: |stop_grace_period: |TimeoutStopSec=)(\d+)/g
  for (const [path, text] of await manifests()) {
    for (const seconds of found(text, grace)) {
      assert.ok(Number(seconds) * 1000 >= deadlineMs + 10_000, `${path}: ${seconds} s`)
    }
  }
})

test('each alarm names a section of the runbook', async () => {
  const alerts = await read('deploy/alerts.yaml')
  const sections = found(await read('deploy/RUNBOOK.md'), /^#+ (.*)$/gm)
  const named = [...alerts.matchAll(/^ {10}runbook: (.*)$/gm)].map(([, name = '']) => name)
  assert.equal(named.length, found(alerts, /- alert: (\w+)/g).length)
  assert.deepEqual(missing(named, sections), [])
})

test('the messages and codes the runbook tells to look for are those of the engine', async () => {
  const [runbook, engine] = [await read('deploy/RUNBOOK.md'), await engineText()]
  const messages = found(runbook, /^\| `([^`]+)` \| (?:fatal|error|warn|info) \|/gm)
  assert.ok(messages.length >= 8)
  for (const message of messages) assert.ok(engine.includes(`'${message}'`), message)
  for (const code of found(runbook, /`([A-Z]+(?:_[A-Z]+)+)`/g)) {
    if (code.startsWith('LEADBID_') || code.startsWith('KV_') || code.startsWith('OBJ_')) continue
    assert.ok(engine.includes(`'${code}'`), code)
  }
})

test.run()
