import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import { runCli } from './run-cli.ts'

const test = suite('cli frame')

const COMMANDS = [
  'next',
  'import',
  'put-campaign',
  'disposition',
  'suppress',
  'show',
  'requeue',
  'replay',
  'audit',
  'backtest',
  'doctor',
  'bench',
]

/** Nothing listens on port 1, and only root could. */
const NOWHERE = { LEADBID_NATS_URL: 'nats://127.0.0.1:1' }

test('--help lists every command with its summary and the settings', async () => {
  const { code, stdout } = await runCli(['--help'])
  assert.equal(code, 0)
  for (const command of COMMANDS) assert.match(stdout, new RegExp(`^  ${command} +\\S`, 'm'))
  assert.match(stdout, /LEADBID_NATS_URL/)
})

for (const command of COMMANDS) {
  test(`${command} --help says how it is called, with an example, and asks no server`, async () => {
    const asked = await runCli([command, '--help'], NOWHERE)
    assert.equal(asked.code, 0)
    assert.match(asked.stdout, new RegExp(`\\n  (npx )?leadbid ${command}`))
    assert.deepEqual(await runCli(['help', command]), asked)
  })
}

test('says its version', async () => {
  const { code, stdout } = await runCli(['--version'])
  assert.equal(code, 0)
  assert.match(stdout, /^\d+\.\d+\.\d+$/)
})

/** Command lines nobody can mean, and what is said to them. */
const MISUSES: [argv: string[], says: RegExp][] = [
  [[], /which command\? One of next, import/],
  [['nxet'], /unknown command "nxet": did you mean next\?/],
  [['launch-rockets'], /unknown command "launch-rockets": use one of next, import/],
  [['toString'], /unknown command "toString": use one of/],
  [['next'], /CAMPAIGN_ID is missing/],
  [['next', 'delhi'], /CAMPAIGN_ID is "delhi": it must be a whole number from 1/],
  [['next', '5', '--contracter', '3'], /unknown flag --contracter: did you mean --contractor\?/],
  [['next', '5', '--contractor'], /--contractor/],
  [['next', '5', '--contractor', 'me'], /--contractor is "me": it must be a whole number/],
  [['next', ...Array.from({ length: 65 }, (_, i) => `${i + 1}`)], /65 campaigns are too many/],
  [['put-campaign'], /FILE\.json, the JSON itself, or - for stdin is missing/],
  [['put-campaign', 'no-such-file.json'], /no-such-file\.json cannot be read .*: give a file/],
  [['put-campaign', '{"campaign_id": 1,}'], /the argument is not JSON/],
  [['put-campaign', '{}', 'more'], /unexpected argument "more"/],
  [['disposition'], /AWARD_ID, or --campaign and --lead, is missing/],
  [['disposition', 'a1-1-1-0'], /CODE is missing/],
  [['disposition', 'a1-1-1-0', 'convertd'], /unknown disposition code "convertd": did you mean/],
  [['disposition', 'a1-1-1-0', 'sold'], /unknown disposition code "sold": use one of no_answer/],
  [['disposition', 'converted', '--campaign', '5'], /--lead is missing/],
  [['disposition', 'a1-1-1-0', 'busy', '--at', 'noon'], /--at is "noon": it must be a time with/],
  [['disposition', 'a1-1-1-0', 'busy', '--channel', 'pigeon'], /unknown channel "pigeon": use one/],
  [['pay', '--amount', '-5'], /--amount is "-5": it must not be negative/],
  [['pay', '--amount=-5'], /--amount is "-5": it must be a whole number from 1/],
  [['pay', '--amount'], /--amount needs a value$/m],
  [['pay', '--id', '-x'], /--id needs a value: one that begins with "-" is written --id=-x/],
  [['pay', '--closes=yes'], /--closes takes no value/],
  [['suppress', '--by', 'me', '--reason', 'x'], /nobody is named: give --phone, --account, or/],
  [['suppress', '--phone', '+1', '--lead', '2'], /more than one is named/],
  [['suppress', '--phone', '+1', '--reason', 'x'], /--by \(who decided it\) is missing/],
  [['show'], /CAMPAIGN_ID is missing/],
  [['show', '1', '2', '3'], /unexpected argument "3"/],
  [['requeue'], /CAMPAIGN_ID is missing/],
  [['replay', '--hash', '--from', '3'], /--from does not go with --hash/],
  [['replay', '--until', 'now'], /--until is "now"/],
  [['audit', 'everything'], /unexpected argument "everything"/],
  [['doctor', '--monitor-url', 'here'], /--monitor-url is "here": such as http/],
]

for (const [argv, says] of MISUSES) {
  const line = argv.length > 6 ? `${argv[0]} with ${argv.length - 1} arguments` : argv.join(' ')
  test(`misused, exit 2, with the cure: leadbid ${line}`, async () => {
    const { code, stdout, stderr } = await runCli(argv, NOWHERE)
    assert.equal(code, 2, stderr)
    assert.match(stderr, says)
    assert.match(stderr, /see: npx leadbid .*--help/)
    assert.equal(stdout, '')
  })
}

test('faults in the settings are told together, exit 2', async () => {
  const { code, stderr } = await runCli(['audit', '--nats-url', 'here'], { LEADBID_SHARDS: 'many' })
  assert.equal(code, 2)
  assert.match(stderr, /LEADBID_NATS_URL \(--nats-url\) is "here"/)
  assert.match(stderr, /LEADBID_SHARDS \(--shards\) is "many"/)
})

const NEEDS_NATS = [
  ['next', '55'],
  ['put-campaign', '{"campaign_id":1,"customer_id":2}'],
  ['disposition', 'a1-1-1-0', 'busy'],
  ['suppress', '--phone', '+12125550100', '--by', 'me', '--reason', 'x'],
  ['show', '55'],
  ['requeue', '55'],
  ['replay'],
  ['audit'],
  ['doctor'],
]

for (const argv of NEEDS_NATS) {
  test(`${argv[0]} without a NATS says so at once, and what to do`, async () => {
    const began = performance.now()
    const { code, stdout, stderr } = await runCli(argv, NOWHERE)
    assert.equal(code, 1)
    const cure =
      /no NATS at nats:\/\/127\.0\.0\.1:1: start one with npm start, or set LEADBID_NATS_URL/
    assert.match(stdout + stderr, cure)
    assert.ok(performance.now() - began < 3000)
  })
}

test('a server that never answers is given up within three seconds', async () => {
  // Takes the connection and says nothing, as a wrong port or a firewall would.
  const sockets: Socket[] = []
  const silent = createServer((socket) => void sockets.push(socket))
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
  try {
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const began = performance.now()
    const { code, stderr } = await runCli(['show', '5', '--nats-url', `nats://127.0.0.1:${port}`])
    assert.equal(code, 1)
    assert.match(stderr, /no NATS at nats:/)
    assert.ok(performance.now() - began < 3000)
  } finally {
    for (const socket of sockets) socket.destroy()
    silent.close()
  }
})

test('--json puts one document on stdout, also when it fails or is misused', async () => {
  const failed = await runCli(['next', '55', '--json'], NOWHERE)
  assert.equal(JSON.parse(failed.stdout).code, 'NO_NATS')
  const misused = await runCli(['next', '--json'], NOWHERE)
  assert.equal(misused.code, 2)
  assert.deepEqual(JSON.parse(misused.stdout).code, 'USAGE')
})

test("finds the embedded server's port by itself, unless one is named", async () => {
  await using dir = await tempDir()
  await mkdir(dir.path, { recursive: true })
  const ports = { url: 'nats://127.0.0.1:2', monitorUrl: 'http://127.0.0.1:3', pid: 1 }
  await writeFile(join(dir.path, 'nats-ports.json'), JSON.stringify(ports))
  const env = { LEADBID_DATA_DIR: dir.path }
  assert.match((await runCli(['show', '5'], env)).stderr, /no NATS at nats:\/\/127\.0\.0\.1:2:/)
  const named = await runCli(['show', '5'], { ...env, ...NOWHERE })
  assert.match(named.stderr, /no NATS at nats:\/\/127\.0\.0\.1:1:/)
})

test.run()
