import assert from 'node:assert/strict'
import { ConfigError } from '../../actors/protocol/errors.ts'
import {
  type Config,
  configHelp,
  flagOf,
  natsUrlOf,
  readConfig,
  VARIABLES,
} from '../../actors/runtime/config.ts'
import { suite } from '../support/suite.ts'

const test = suite('config')

function read(args: string[], env: Record<string, string> = {}): Config {
  return readConfig(args, env).config
}

/** The lines of the fault the settings lead to. */
function faultsOf(args: string[], env: Record<string, string> = {}): string[] {
  try {
    read(args, env)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message.split('\n')
  }
  assert.fail('the settings were taken')
}

test('without settings every one has its default', () => {
  const { hostId, ...config } = read([])
  assert.deepEqual(config, {
    natsUrl: null,
    natsPort: 4222,
    natsCreds: null,
    dataDir: '.data',
    httpPort: 8080,
    shards: null,
    replicas: 1,
    timezone: 'UTC',
    country: 'IN',
    logLevel: 'info',
    clockOffsetMs: 0,
  })
  assert.match(hostId, /^host-[0-9a-f]{8}$/)
  assert.equal(natsUrlOf(read([])), 'nats://127.0.0.1:4222')
})

test('a flag goes before the environment, and that before the default', () => {
  const env = { LEADBID_HTTP_PORT: '9000', LEADBID_SHARDS: '8' }
  const config = read(['--http-port', '9001', '--host-id=h-7'], env)
  assert.deepEqual([config.httpPort, config.shards, config.hostId], [9001, 8, 'h-7'])
})

test('an empty variable is as none', () => {
  assert.equal(read([], { LEADBID_HTTP_PORT: '' }).httpPort, 8080)
})

test('all faults are told together, each with its variable, its flag, the value and the cure', () => {
  const faults = faultsOf(['--http-port', '70000', '--host-id', 'a b'], {
    LEADBID_NATS_URL: '127.0.0.1:4222',
    LEADBID_TIMEZONE: 'Delhi',
    LEADBID_COUNTRY: 'in',
    LEADBID_SHARDS: '0',
    LEADBID_LOG_LEVEL: 'loud',
    LEADBID_CLOCK_OFFSET_MS: '1.5',
    LEADBID_REPLICAS: '2',
  })
  assert.equal(faults.length, 9)
  for (const fault of faults) assert.match(fault, /^LEADBID_\w+ \(--[a-z-]+\) is ".+": must be /)
  assert.ok(faults.includes('LEADBID_REPLICAS (--replicas) is "2": must be 1, 3 or 5'))
})

test('a flag without its value is a fault, and does not eat the next flag', () => {
  assert.deepEqual(faultsOf(['--nats-url']), ['--nats-url needs a value'])
  assert.deepEqual(faultsOf(['--nats-url', '--check']), ['--nats-url needs a value'])
  assert.equal(read(['--clock-offset-ms', '-500']).clockOffsetMs, -500)
})

test('what it does not know is given back', () => {
  assert.deepEqual(readConfig(['--check', '--shards', '2', 'x'], {}).rest, ['--check', 'x'])
})

test('the settings cannot be changed', () => {
  const config = read([])
  assert.throws(() => Object.assign(config, { shards: 5 }), TypeError)
})

test('--help lists every setting with its flag and variable', () => {
  const lines = configHelp().split('\n')
  const names = Object.keys(read([]))
  assert.equal(lines.length, names.length)
  assert.equal(VARIABLES.length, names.length)
  for (const [i, name] of names.entries()) {
    assert.ok(lines[i]?.includes(flagOf(name)), name)
    assert.ok(lines[i]?.includes(VARIABLES[i] ?? '-'), name)
  }
})

test.run()
