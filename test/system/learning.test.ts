// Learning: outcomes told through the contract become a model, the model is published, adopted in
// the journal and scored with, whatever worker or host ends on the way.
//
// deadline: 240 s

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type Answer, aLead, Cluster, type Member, openCampaign } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('learning', { deadlineMs: 200_000 })

const CUSTOMER = 55
/** Two shards of one customer's. */
const CAMPAIGNS = [101, 102]
const CITIES = ['Delhi', 'Mumbai']
/** Explores nothing, so that the order is the policy's own. */
const SETTINGS = { index: { explore: 0 }, sla: { minutes: 10_080 } }
const SLOW = { deadlineMs: 60_000, pollMs: 200 }

/** The planted effect: Mumbai converts three times in five, Delhi once in twenty. */
function outcomeOf(city: unknown, turn: number): string {
  if (turn % 7 === 0) return 'no_answer'
  return turn % 20 < (city === 'Mumbai' ? 12 : 1) ? 'converted' : 'not_interested'
}

async function put(cluster: Cluster, campaign: number, more: object = {}): Promise<void> {
  const settings = openCampaign(campaign, { ...SETTINGS, ...more })
  assert.equal((await cluster.call('campaign.put', settings)).type, 'campaign')
}

/** As many leads of each city, of one age. */
async function ingest(
  cluster: Cluster,
  campaign: number,
  { from, each }: { from: number; each: number },
): Promise<void> {
  const created_at = new Date(Date.now() - 1000).toISOString()
  const leads = CITIES.flatMap((city, c) =>
    Array.from({ length: each }, (_, i) =>
      aLead(from + c * each + i, campaign, { city, created_at }),
    ),
  )
  const reply = await cluster.call('lead.ingest', { leads }, { budgetMs: 5000 })
  assert.equal(reply.accepted + (reply.queued ?? 0), 2 * each, JSON.stringify(reply))
  // What was queued for an owner that had just come is taken in a moment later.
  await until(
    async () =>
      (await cluster.call('campaign.show', { campaign_id: campaign })).eligible === 2 * each,
    'the leads to be there',
  )
}

async function next(cluster: Cluster, campaigns: readonly number[]): Promise<Answer> {
  return await until(async () => {
    const reply = await cluster.call('lead.next', [...campaigns])
    return reply.type === 'unavailable' ? null : reply
  }, 'an answer to lead.next')
}

/** Calls every lead there is, and reports what became of it. */
async function work(cluster: Cluster, campaigns: readonly number[]): Promise<number> {
  const turns = new Map<unknown, number>()
  for (let calls = 0; ; calls++) {
    const award = await next(cluster, campaigns)
    if (award.type !== 'award') return calls
    const city = award.lead.city
    const turn = (turns.get(city) ?? 0) + 1
    turns.set(city, turn)
    const { award_id } = award
    if (turn % 2 === 0) await cluster.call('lead.confirm', { award_id })
    const told = await cluster.call('lead.disposition', { award_id, code: outcomeOf(city, turn) })
    assert.equal(told.type, 'recorded', JSON.stringify(told))
  }
}

/** Cities in the order their leads are awarded. */
async function order(cluster: Cluster, campaign: number, count: number): Promise<string> {
  const cities: string[] = []
  for (let i = 0; i < count; i++) cities.push((await next(cluster, [campaign])).lead.city[0])
  return cities.join('')
}

const modelOf = (cluster: Cluster, customer_id = CUSTOMER) =>
  cluster.call('model.show', { customer_id })

async function adoptedBy(cluster: Cluster, campaign: number): Promise<number> {
  const shown = await cluster.call('campaign.show', { campaign_id: campaign })
  return shown.model?.version ?? 0
}

/** Waits until a campaign scores with what is published. */
async function adopted(cluster: Cluster, campaign: number): Promise<number> {
  return await until(
    async () => {
      const { version } = await modelOf(cluster)
      return (await adoptedBy(cluster, campaign)) === version && version
    },
    `campaign ${campaign} to adopt`,
    SLOW,
  )
}

function learns(member: Member): boolean {
  return member.running && /learning (begins with the log|goes on)/.test(member.output)
}

function run(cluster: Cluster, ...args: string[]): { status: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['gateway/cli/leadbid.mjs', ...args],
    { env: { ...process.env, LEADBID_NATS_URL: cluster.server.url }, encoding: 'utf8' },
  )
  return { status, out: stdout === '' ? stderr : stdout }
}

/** The same over HTTP, and as metrics. */
async function overHttp(cluster: Cluster): Promise<void> {
  const port = /"http":(\d+),"msg":"gateway started"/.exec(cluster.member('g1').output)?.[1]
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
  const shown = (await (await get(`/api/models/${CUSTOMER}`)).json()) as Answer
  assert.deepEqual([shown.type, shown.customer_id], ['model', CUSTOMER])
  assert.deepEqual(Object.keys(shown.model.weights).includes('city'), true)
  const { models } = (await (await get('/api/models')).json()) as Answer
  assert.deepEqual(
    models.map(({ customer_id, calls, model }: Answer) => [customer_id, calls, model]),
    [[CUSTOMER, shown.calls, undefined]],
  )
  assert.equal((await get('/api/models/56')).status, 404)
  const metrics = await (await get('/metrics')).text()
  assert.match(metrics, new RegExp(`^leadbid_model_calls\\{customer="55"\\} ${shown.calls}$`, 'm'))
  assert.match(metrics, /^leadbid_model_ece\{customer="55"\} 0\.\d+$/m)
}

test('what outcomes teach is published, adopted, and decides the order, whoever ends meanwhile', async () => {
  await using cluster = await Cluster.start({ hosts: 2, workers: 2 })
  assert.equal((await modelOf(cluster)).code, 'NOT_FOUND')
  for (const campaign of CAMPAIGNS) await put(cluster, campaign)
  await put(cluster, 103, { policy: 'fifo' })
  for (const campaign of CAMPAIGNS) await ingest(cluster, campaign, { from: 1, each: 75 })
  assert.equal(await work(cluster, CAMPAIGNS), 300)

  const model = await until(
    async () => {
      const shown = await modelOf(cluster)
      return shown.type === 'model' && shown.calls >= 240 && shown
    },
    'the model to know the outcomes',
    SLOW,
  )
  const [mumbai, mumbaiCalls] = model.model.weights.city.Mumbai
  const [delhi] = model.model.weights.city.Delhi
  assert.ok(mumbai > delhi + 1_000_000, `Mumbai ${mumbai}, Delhi ${delhi}`)
  assert.ok(mumbaiCalls > 100)
  assert.ok(model.calibration.n >= 240)

  // Both campaigns, in two shards; also one put only now. One that goes by waiting time has no use for it.
  for (const campaign of CAMPAIGNS) await adopted(cluster, campaign)
  await put(cluster, 104)
  await adopted(cluster, 104)
  assert.equal(await adoptedBy(cluster, 103), 0)
  assert.match(
    run(cluster, 'show', '104').out,
    /^ +model +version \d+, learnt from \d+ calls, since 2/m,
  )
  await ingest(cluster, 102, { from: 1001, each: 6 })
  assert.equal(await order(cluster, 102, 12), 'MMMMMMDDDDDD')

  const words = run(cluster, 'model', '--customer', String(CUSTOMER))
  assert.equal(words.status, 0, words.out)
  assert.match(words.out, /^customer 55: version \d+, learnt from \d+ calls/)
  assert.match(words.out, /Mumbai +[\d.]+ × +\d+ calls/)
  assert.match(run(cluster, 'model').out, /^ +55 +\d+ +\d+ +0\.\d+/m)

  await overHttp(cluster)

  // The learning worker is killed: the other goes on from what was put away, and not from nothing.
  const [active] = cluster.members.filter(learns)
  assert.ok(active !== undefined)
  await active.kill9()
  const other = cluster.members.find(({ role, id }) => role === 'worker' && id !== active.id)
  assert.ok(other !== undefined)
  await until(() => other.output.includes('"msg":"learning goes on"'), 'the other to go on', SLOW)
  const before = (await modelOf(cluster)).version
  await ingest(cluster, 101, { from: 2001, each: 30 })
  assert.equal(await work(cluster, [101]), 60)
  await until(async () => (await modelOf(cluster)).version > before, 'a new version', SLOW)
  assert.ok((await modelOf(cluster)).calls > model.calls, 'nothing learnt was forgotten')

  // The campaign's host is killed: its successor scores with what was adopted.
  const version = await adopted(cluster, 102)
  const owner = cluster.member((await cluster.ownerOf(102)) ?? '')
  await owner.kill9()
  await until(async () => (await adoptedBy(cluster, 102)) >= version, 'another owner', SLOW)
  await ingest(cluster, 102, { from: 3001, each: 4 })
  assert.equal(await order(cluster, 102, 8), 'MMMMDDDD')

  // The last host leaves a snapshot behind; from there and from zero it comes to the same.
  const last = cluster.members.find(({ role, running }) => role === 'actors' && running)
  await last?.stop()
  assert.match(last?.output ?? '', /snapshot taken/)
  const audit = JSON.parse(run(cluster, 'audit', '--json').out)
  assert.deepEqual(audit.violations, [])
  const hashes = [1, 2].map(() => JSON.parse(run(cluster, 'replay', '--hash', '--json').out).hash)
  assert.equal(hashes[0], hashes[1])
  last?.restart()
  await until(async () => (await adoptedBy(cluster, 102)) >= version, 'the host to be back', SLOW)
})

test.run()
