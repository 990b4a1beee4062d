// The documents against the code: what they name exists, and what an operator meets is in them.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { flagOf, readConfig, VARIABLES } from '../../actors/runtime/config.ts'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { createMetrics } from '../../gateway/http/metrics.ts'
import { aLead, Cluster, openCampaign } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { DOCUMENTS, engineText, exists, filesOf, found, missing, read } from './project.ts'

const test = suite('documents', { deadlineMs: 90_000 })
const VARIABLE = /\b(LEADBID_[A-Z][A-Z_]*[A-Z])\b/g
const METRIC = /\b(leadbid_[a-z_]*[a-z])\b/g

async function documents(): Promise<Map<string, string>> {
  return new Map(
    await Promise.all(DOCUMENTS.map(async (path) => [path, await read(path)] as const)),
  )
}

test('every variable of the README is read by the code, and every one that is read is in it', async () => {
  const readme = found(await read('README.md'), VARIABLE)
  const engine = found(await engineText(), VARIABLE)
  assert.deepEqual(missing(readme, engine), [], 'in the README only')
  assert.deepEqual(missing(engine, readme), [], 'not in the README')
  assert.deepEqual(missing(VARIABLES, readme), [])
  const tests = found([...(await filesOf(['test'], ['.ts'])).values()].join('\n'), VARIABLE)
  for (const [path, text] of await documents()) {
    assert.deepEqual(missing(found(text, VARIABLE), [...engine, ...tests]), [], path)
  }
})

test('the table of settings has each variable with its own flag', async () => {
  const rows = new Map(
    [...(await read('README.md')).matchAll(/^\| `(LEADBID_\w+)` \| (?:`(--[\w-]+)`)? *\|/gm)].map(
      ([, variable = '', flag]) => [variable, flag],
    ),
  )
  const { config } = readConfig([], {})
  const flags = Object.keys(config).map(flagOf)
  assert.deepEqual([...rows.values()].filter((flag) => flag !== undefined).sort(), flags.sort())
  for (const variable of VARIABLES) {
    const flag = `--${variable.slice('LEADBID_'.length).toLowerCase().replaceAll('_', '-')}`
    assert.equal(rows.get(variable), flag)
  }
})

test('every error code of the README is in the code, and every one of the code is in it', async () => {
  const readme = await read('README.md')
  const tables = readme.slice(readme.indexOf('## Error codes'), readme.indexOf('## What it does'))
  const told = found(
    tables.replace(/^\|([^|]*)\|.*$/gm, (_, cell: string) => cell),
    /`([A-Z][A-Z0-9_]+)`/g,
  )
  const thrown = codesIn(await engineText())
  assert.ok(thrown.length > 50, `only ${thrown.length} codes were found in the code`)
  assert.deepEqual(missing(told, thrown), [], 'in the README only')
  assert.deepEqual(missing(thrown, told), [], 'not in the README')
})

/** Codes of errors: what errors and error replies are made with, and what HTTP has a status for. */
function codesIn(text: string): string[] {
  const quoted = [
    /(?:new \w*Error|errorReply|super)\(([^,()]*),/g,
    /\bcode: ([^,}\n]*)/g,
    /\berror\.code : ('[A-Z_]+')/g,
  ].flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''))
  const statuses = found(text, /^ {2}([A-Z][A-Z0-9_]*): [45]\d\d,$/gm)
  return [
    ...new Set([...found(quoted.join('\n'), /'([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*)'/g), ...statuses]),
  ]
}

test('every metric of the README exists, and every one of ours is in it', async () => {
  const names = createMetrics()
    .registry.getMetricsAsArray()
    .map(({ name }) => name)
  const readme = await read('README.md')
  const ours = names.filter((name) => !/^leadbid_(process|nodejs)_/.test(name))
  assert.deepEqual(missing(ours, found(readme, METRIC)), [], 'not in the README')
  const series = names.flatMap((name) => [
    name,
    ...['bucket', 'sum', 'count'].map((end) => `${name}_${end}`),
  ])
  for (const path of [...DOCUMENTS, 'deploy/alerts.yaml']) {
    const text = (await read(path)).replace(/leadbid_(process|nodejs)_\*/g, '')
    assert.deepEqual(missing(found(text, METRIC), series), [], path)
  }
})

test('every command the documents name can be run, with the flags they show', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> }
  const commands = found(await read('gateway/cli/main.ts'), /import\('\.\/([\w-]+)\.ts'\)/g)
  assert.ok(commands.includes('next'))
  const settings = Object.keys(readConfig([], {}).config).map((name) => flagOf(name).slice(2))
  for (const [path, text] of await documents()) {
    assert.deepEqual(
      missing(found(text, /npm run (?:-s )?([a-z][a-z:]*)/g), Object.keys(scripts)),
      [],
      path,
    )
    assert.deepEqual(missing(found(text, /npm (start|test)\b/g), Object.keys(scripts)), [], path)
    const shown = /(?:npx leadbid|leadbid\.mjs) ([a-z][a-z-]*[a-z])([^`\n]*)/g
    for (const [line, command = '', rest = ''] of text.matchAll(shown)) {
      assert.ok(commands.includes(command), `${path}: ${line}`)
      const source = await read(`gateway/cli/${command}.ts`)
      const known = [...settings, 'json', 'help', ...found(source, /--([a-z][a-z-]*[a-z])/g)]
      assert.deepEqual(
        missing(found(rest, /--([a-z][a-z-]*[a-z])/g), known),
        [],
        `${path}: ${line}`,
      )
    }
  }
  const readme = await read('README.md')
  const listed = readme.slice(readme.indexOf('lists all commands'), readme.indexOf('## Ask over'))
  assert.deepEqual(missing(commands, found(listed, /`([a-z-]+)`/g)), [], 'not in the README')
})

test('links to files and headings lead somewhere', async () => {
  for (const [path, text] of await documents()) {
    for (const [, target = '', anchor] of text.matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
      if (/^https?:/.test(target)) continue
      const file = target === '' ? path : normalize(join(dirname(path), target))
      assert.ok(await exists(file), `${path} links to ${file}`)
      if (anchor === undefined) continue
      const headings = found(await read(file), /^#+ (.*)$/gm).map(slugOf)
      assert.ok(headings.includes(anchor), `${path} links to ${file}#${anchor}`)
    }
  }
})

function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

test('no document and no manifest names a path of somebody’s machine, or a package registry', async () => {
  const ends = ['.md', '.yaml', '.service', '.env', 'Dockerfile']
  const files = new Map([...(await filesOf(['deploy'], ends)), ...(await documents())])
  for (const [path, text] of files) {
    const paths = found(
      text,
      /((?:\/work\/|\/root\/|\/home\/|\/tmp\/|\/Users\/)\w+|npmjs\.\w+|registry\.\w+)/g,
    )
    assert.deepEqual(paths, [], path)
  }
})

test('`nats` is the third version of the client under its short name', async () => {
  const { dependencies } = JSON.parse(await read('package.json')) as {
    dependencies: Record<string, string>
  }
  assert.match(dependencies.nats ?? '', /^npm:@nats-io\/transport-node@3\./)
})

test('the example of the README runs as it stands: ask, confirm, report', async () => {
  const example = /```ts\n([\s\S]*?)```/.exec(await read('README.md'))?.[1] ?? ''
  await using cluster = await Cluster.start()
  for (const campaign of [101, 102, 201]) {
    await cluster.call('campaign.put', openCampaign(campaign))
  }
  await cluster.call('lead.ingest', { leads: [aLead(7, 102)] })
  const dir = join(PROJECT_DIR, '.cache', `readme-${process.pid}`)
  try {
    await mkdir(dir, { recursive: true })
    const code = example
      .replace("'@nats-io/transport-node'", "'nats'")
      .replace('nats://127.0.0.1:4222', cluster.server.url)
    await writeFile(join(dir, 'example.ts'), code)
    const args = ['--import', 'tsx', join(dir, 'example.ts')]
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: PROJECT_DIR,
      timeout: 30_000,
    })
    assert.match(stdout, /^call lead 7: \[/)
    assert.match(stdout, /type: 'recorded'/)
    assert.match(stdout, /state: 'rescheduled'/)
    const shown = await cluster.call('lead.show', { campaign_id: 102, lead_id: 7 })
    const types = (shown.timeline as { type: string }[]).map(({ type }) => type)
    assert.deepEqual(types, ['lead.disposed', 'lead.confirmed', 'lead.awarded', 'lead.accepted'])
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

test.run()
