// Learning, as `leadbid backtest` shows it from outside: a process, a file of past leads with planted
// tastes, and what was learnt of them.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import type { Backtest } from '../../gateway/cli/backtest.ts'
import { writePastLeads } from '../policy/past-leads.ts'
import { CITIES, spearman } from '../policy/planted-outcomes.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const test = suite('learning from outside', { deadlineMs: 120_000 })

async function backtest(...args: string[]): Promise<Backtest> {
  const file = join(PROJECT_DIR, 'gateway/cli/leadbid.mjs')
  const all = [file, 'backtest', ...args, '--outcome', 'Converted', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, all, { maxBuffer: 1 << 24 })
  return JSON.parse(stdout)
}

test('A16: from 2,000 outcomes, each customer’s cities are ranked as planted', async () => {
  await using dir = await tempDir()
  const file = join(dir.path, 'leads.csv')
  const customers = ['Acme', 'Bolt']
  const { effects } = await writePastLeads(file, { seed: 16, rows: 2000, customers })
  const flags = ['--features', 'City,Lead Source,Visits', '--customer', 'Client']
  const result = await backtest(file, ...flags, '--order', 'Lead Number')
  for (const customer of customers) {
    const found = result.customers.find((one) => one.customer === customer)
    const cities = CITIES.map((city) => found?.weights.City?.[city]?.logit ?? Number.NaN)
    const truth = CITIES.map((city) => effects.get(customer)?.get(city) ?? Number.NaN)
    assert.ok(spearman(cities, truth) >= 0.9, `${customer}: ${cities}`)
    assert.ok((found?.ece ?? 1) < 0.12)
  }
  assert.ok((result.auc ?? 0) > 0.7, `AUC ${result.auc}`)
})

test('A16: a customer with few outcomes has the weights of everybody', async () => {
  await using dir = await tempDir()
  const file = join(dir.path, 'leads.csv')
  const { effects } = await writePastLeads(file, { seed: 17, rows: 3000, customers: ['Acme'] })
  const few = CITIES.map((city, i) => `${9000 + i},New,${city},Google,30,${i % 2}`)
  await appendFile(file, `${few.join('\n')}\n`)
  const result = await backtest(file, '--features', 'City', '--customer', 'Client')
  const learnt = result.customers.find(({ customer }) => customer === 'New')
  const cities = CITIES.map((city) => learnt?.weights.City?.[city]?.logit ?? Number.NaN)
  const truth = CITIES.map((city) => effects.get('Acme')?.get(city) ?? Number.NaN)
  assert.equal(learnt?.n, CITIES.length)
  assert.ok(spearman(cities, truth) >= 0.8, `${cities}`)
})

test.run()
