import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type NatsConnection } from 'nats'
import { leadbid } from '../../gateway/cli/main.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { standIn } from './stand-in.ts'

const test = suite('leadbid import')

let server: TestServer
let nc: NatsConnection

test.before(async () => {
  server = await startServer()
  nc = await connect({ servers: server.url })
})

test.after(async () => {
  await nc.close()
  await server.stop()
})

async function cli(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await leadbid(['import', ...args], {
    stdout: (line) => out.push(line),
    stderr: (line) => err.push(line),
    env: { LEADBID_NATS_URL: server.url, LEADBID_LOG_LEVEL: 'silent' },
  })
  return { code, out, err }
}

async function fileOf(name: string, content: string): Promise<string> {
  const path = join(server.dataDir, name)
  await writeFile(path, content)
  return path
}

test('a file without faults: counts on stdout, exit 0, no file of rejects', async () => {
  using gateway = standIn(nc)
  const file = await fileOf('good.csv', 'id,city,remark\n1,Delhi,x\n2,Pune,y\n')
  const { code, out } = await cli(file, '--campaign-id', '4', '--customer-id=55')
  assert.equal(code, 0)
  assert.deepEqual(out, [
    '2 rows: 2 accepted, 0 updated, 0 unchanged, 0 rejected',
    'ignored columns nothing is mapped to: "remark"',
  ])
  assert.deepEqual(gateway.batches.flat().toSorted((a, b) => a.id - b.id)[0], {
    id: 1,
    city: 'Delhi',
    campaign_id: 4,
    customer_id: 55,
  })
  assert.ok(!existsSync(`${file}.rejects.csv`))
})

test('rejected rows: exit 0, told, and listed beside the file without what they hold', async () => {
  using _ = standIn(nc)
  const file = await fileOf('some.csv', 'id,campaign_id,phone\n1,4,981234567\n2,4,\n')
  const { code, out } = await cli(file, '--json')
  assert.equal(code, 0)
  const result = JSON.parse(out.join('\n'))
  assert.equal(result.type, 'imported')
  assert.deepEqual([result.rows, result.accepted, result.rejected], [2, 1, 1])
  assert.equal(result.rejects, `${file}.rejects.csv`)
  const rejects = await readFile(result.rejects, 'utf8')
  assert.match(rejects, /^row,field,reason\n2,phone,"must be a phone number/)
  assert.ok(!rejects.includes('98123'))
})

test('a mapping from a file and as JSON, and where rejects go', async () => {
  using gateway = standIn(nc)
  const file = await fileOf('crm.csv', 'Prospect;Status\nabc;open\nxyz;lost\n')
  const mapping = {
    id: { hash: 'Prospect' },
    campaign_id: { const: 4 },
    lead_type: { column: 'Status', map: { open: 'Live' } },
  }
  const mappingFile = await fileOf('mapping.json', JSON.stringify(mapping))
  const rejects = join(server.dataDir, 'elsewhere.csv')
  for (const given of [mappingFile, JSON.stringify(mapping)]) {
    assert.equal((await cli(file, '--mapping', given, '--rejects', rejects)).code, 0)
  }
  assert.equal(gateway.batches.flat().length, 2)
  assert.match(await readFile(rejects, 'utf8'), /\n3,lead_type,"must be one of Live, Stale"/)
})

test('misused: exit 2, with what to do', async () => {
  const file = await fileOf('any.csv', 'id\n1\n')
  for (const args of [
    [],
    [file, 'another'],
    [file, '--campaign-id', 'x'],
    [file, '--mapping', '{"town": {"column": "x"}}'],
    [file, '--mapping', 'no-such-file.json'],
    [file, '--campain-id', '4'],
  ]) {
    const { code, err } = await cli(...args)
    assert.equal(code, 2, args.join(' '))
    assert.ok(err.length > 0)
  }
})

test('what cannot be imported: exit 1, with the reason', async () => {
  const missing = await cli(join(server.dataDir, 'none.csv'))
  assert.equal(missing.code, 1)
  assert.match(missing.err.join('\n'), /none\.csv cannot be read/)
  const file = await fileOf('nameless.csv', 'town,campaign_id\nDelhi,4\n')
  const { code, out } = await cli(file, '--json')
  assert.equal(code, 1)
  const result = JSON.parse(out.join('\n'))
  assert.deepEqual([result.type, result.code, result.rows], ['error', 'COLUMNS', 0])
})

test.run()
