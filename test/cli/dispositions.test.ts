import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Engine } from '../acceptance/engine.ts'
import { suite } from '../support/suite.ts'
import { type Ran, runCli } from './run-cli.ts'

const test = suite('cli on dispositions')
let engine: Engine

test.before(async () => {
  engine = await Engine.start()
  await engine.put(7, { kind: 'collections' })
  await engine.accept([701, 702, 703].map((id) => engine.lead(id, 7)))
})
test.after(async () => {
  await engine[Symbol.asyncDispose]()
})

async function cli(...argv: string[]): Promise<Ran> {
  return await runCli(argv, { LEADBID_DATA_DIR: engine.cluster.server.dataDir })
}

const LEAD = ['--campaign', '7', '--lead']

test('lists the catalogue with ranks, next actions and aliases', async () => {
  const { code, stdout } = await cli('dispositions')
  assert.equal(code, 0)
  assert.match(stdout, /^catalogue 1 \(the newest\)\n {2}rank {2}code +label/)
  assert.match(
    stdout,
    /^ {2}6 +PTP +Promise to pay +positive +the right party +nothing until .*PRP/m,
  )
  assert.match(stdout, /^ {2}24 +NOS +.*DC \(call\)$/m)
  assert.equal(JSON.parse((await cli('dispositions', '--json')).stdout).entries.length, 27)
})

test('a version that does not exist is said, exit 1', async () => {
  for (const more of [[], ['--export', join(engine.cluster.server.dataDir, 'none.csv')]]) {
    const { code, stderr } = await cli('dispositions', '--catalogue', '99', ...more)
    assert.equal(code, 1)
    assert.match(stderr, /\/version: there are versions 1 to \d+ \(NOT_FOUND\)/)
  }
})

test('an outcome is reported in any code of the catalogue; a promise with amount and day', async () => {
  const promised = ['--amount', '5000', '--promised-at', '2099-01-01T00:00:00Z']
  const far = await cli('disposition', 'PTP', ...LEAD, '701', ...promised)
  assert.equal(far.code, 1)
  assert.match(far.stderr, /\/promised_at: /)
  const at = new Date(Date.now() + 3 * 86_400_000).toISOString()
  const args = ['--amount', '5000', '--promised-at', at, '--contractor', '12']
  const { code, stdout } = await cli('disposition', 'prp', ...LEAD, '701', ...args)
  assert.equal(code, 0)
  assert.match(stdout, /^recorded: lead 701 of campaign 7 is /)
  const missing = await cli('disposition', 'PTP', ...LEAD, '702')
  assert.match(missing.stderr, /\/amount: required with code PTP/)
})

test('an agent’s slip is found, and what another channel says is kept', async () => {
  const slip = await cli('disposition', 'PTQ', ...LEAD, '702')
  assert.equal(slip.code, 2)
  assert.match(slip.stderr, /unknown disposition code "PTQ": did you mean PTP\?/)
  for (const lead of ['702', '703']) {
    const kept = await cli('disposition', 'na ja', ...LEAD, lead, '--channel', 'whatsapp')
    assert.equal(kept.code, 0)
    assert.match(kept.stdout, /nobody mapped this code yet/)
  }
})

test('codes nobody mapped are listed, mapped by name, and gone from the list', async () => {
  const { stdout } = await cli('dispositions', '--unmapped')
  assert.match(stdout, /^ {2}channel +code +count .*\n {2}whatsapp +"na ja" +2 +\d{4}-\S+Z +\S+Z$/)
  const whatsapp = ['--channel', 'whatsapp', '--by', 'asha']
  const map = ['dispositions', '--map', 'Na ja', ...whatsapp, '--to', 'nip']
  assert.equal((await cli(...map)).stdout, '"Na ja" on whatsapp is NIP from catalogue 2 on')
  assert.match((await cli(...map)).stdout, /is NIP already, in catalogue 2$/)
  assert.equal(
    (await cli('dispositions', '--unmapped')).stdout,
    'every code that came in is mapped',
  )
  const other = await cli('dispositions', '--map', 'na ja', ...whatsapp, '--to', 'PTP')
  assert.equal(other.code, 1)
  assert.match(other.stderr, /"Na ja" cannot mean PTP and NIP on whatsapp: map it to one of them/)
  const all = await cli('dispositions', '--map', 'jein', '--by', 'asha', '--to', 'NIP', '--json')
  assert.equal(JSON.parse(all.stdout).version, 3)
  const shown = await cli('dispositions', '--catalogue', '2')
  assert.match(shown.stdout, /^catalogue 2 \(the newest is 3\)\n/)
  assert.doesNotMatch(shown.stdout, /jein/)
})

test('who maps at the same time as others is not refused for it', async () => {
  const codes = ['eins', 'zwei', 'drei']
  const ran = await Promise.all(
    codes.map((code) => cli('dispositions', '--map', code, '--by', 'asha', '--to', 'INT')),
  )
  for (const { code, stderr } of ran) assert.equal(code, 0, stderr)
  const { entries, version } = JSON.parse((await cli('dispositions', '--json')).stdout)
  const { aliases } = entries.find((entry: { code: string }) => entry.code === 'INT')
  const names = aliases.map((alias: { code: string }) => alias.code)
  assert.deepEqual([names.sort(), version], [['drei', 'eins', 'zwei'], 6])
})

test('a code that was mapped is one an agent may pick', async () => {
  const { code, stdout } = await cli('disposition', 'Jein', ...LEAD, '703')
  assert.equal(code, 0, stdout)
})

test('D7: attempts are exported, and what is unmapped is counted', async () => {
  const file = join(engine.cluster.server.dataDir, 'attempts.csv')
  const first = await cli('dispositions', '--export', file, '--catalogue', '1')
  assert.equal(first.code, 0)
  assert.match(
    first.stdout,
    /^4 attempts of the log up to sequence \d+ in .*, by catalogue 1\n3 of them unm/,
  )
  const { stdout } = await cli('dispositions', '--export', file)
  assert.match(stdout, /by catalogue 6\nall of them are mapped$/)
  const [head, columns, ...rows] = (await readFile(file, 'utf8')).trimEnd().split('\n')
  assert.match(head ?? '', /^# catalogue 6, log to sequence \d+: 4 rows, 0 unmapped *$/)
  assert.equal(
    columns,
    'campaign_id,lead_id,at,channel,contractor_id,code,standard,rank,version,amount',
  )
  assert.match(rows[0] ?? '', /^7,701,\d{4}-\S+Z,call,12,prp,PTP,6,6,5000$/)
  assert.equal(rows.length, 4)
})

const MISUSES: [argv: string[], says: RegExp][] = [
  [['--unmapped', '--export', 'x.csv'], /--unmapped and --export exclude each other/],
  [['--unmapped', '--catalogue', '1'], /--catalogue does not go with --unmapped/],
  [['--map', 'x', '--by', 'asha'], /--to \(a standard code\) is missing/],
  [['--map', 'x', '--to', 'PTP'], /--by \(who decided it\) is missing/],
  [['--map', 'x', '--to', 'PTB', '--by', 'asha'], /--to is "PTB", no standard code: did you mean/],
  [
    ['--map', 'x', '--to', 'PTP', '--by', 'a', '--channel', 'fax'],
    /unknown channel "fax": use one/,
  ],
  [['--export', ''], /--export \(a file\) is missing/],
  [['everything'], /unexpected argument "everything"/],
]

for (const [argv, says] of MISUSES) {
  test(`misused, exit 2, with the cure: dispositions ${argv.join(' ')}`, async () => {
    const { code, stderr } = await cli('dispositions', ...argv)
    assert.equal(code, 2, stderr)
    assert.match(stderr, says)
  })
}

test.run()
