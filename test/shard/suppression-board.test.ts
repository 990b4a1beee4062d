// Suppression board: how what one shard decides comes to all others, over a real server, and what is
// made of messages that are lost, late or told twice.

import assert from 'node:assert/strict'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { CommandReply } from '../../actors/protocol/commands.ts'
import { type ContactId, contactOf, shardOfContact } from '../../actors/protocol/contact.ts'
import { NO_CAMPAIGN } from '../../actors/protocol/events.ts'
import type { CampaignId, CustomerId, HostId, LeadId, ShardId } from '../../actors/protocol/ids.ts'
import { commandSubject, SUPPRESSIONS } from '../../actors/protocol/subjects.ts'
import type { SuppressAsked, SuppressionEntry } from '../../actors/protocol/suppression.ts'
import { formatTime } from '../../actors/protocol/time.ts'
import { type Subscription, subscribe } from '../../actors/runtime/nats.ts'
import type { Shard } from '../../actors/shard/shard.ts'
import { SuppressionBoard, type SuppressionsTold } from '../../actors/shard/suppression-board.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { ask, execute, ingest, lead, order, takeAwards } from './asked.ts'
import { T0 } from './manual-clock.ts'
import { entryOf } from './mutants-of-suppressions.ts'
import { settingsOf } from './planted-log.ts'
import { type Owner, quiet, Rig, SHARDS } from './rig.ts'
import { TcpProxy } from './tcp-proxy.ts'

const test = suite('suppression-board')
const PHONE = '+912212345678'
let rig: Rig
let used = 0
const boards: { board: SuppressionBoard; heard: Subscription[] }[] = []

test.before(async () => {
  rig = await Rig.start()
})
test.before.each(() => {
  for (const { board, heard } of boards.splice(0)) {
    board.stop()
    for (const subscription of heard) subscription.unsubscribe()
  }
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

/** A host's board for these shards, which answers for them as a host does. */
function boardOf(name: string, owned: Shard[]): SuppressionBoard {
  const board = new SuppressionBoard({
    id: name as HostId,
    link: rig.link,
    log: quiet,
    shards: SHARDS,
    ownerOf: (id) => owned.find(({ state }) => state.shard === id),
    owned: () => owned,
  })
  const heard = owned.map((shard) =>
    subscribe(rig.link.nc, commandSubject(shard.state.shard), quiet, async (msg) => {
      msg.respond(pack(await shard.execute(unpack(msg.data))))
    }),
  )
  boards.push({ board, heard })
  return board
}

/** Lets a board hear what others tell. */
async function listen(board: SuppressionBoard): Promise<void> {
  const heard = subscribe(rig.link.nc, SUPPRESSIONS, quiet, (msg) => board.hear(msg))
  boards.find((entry) => entry.board === board)?.heard.push(heard)
  await rig.link.nc.flush()
}

/** A phone nobody else has, and where it is judged. */
function aPhone(): { phone: string; contact: ContactId; home: ShardId } {
  const phone = `+91981${String(++used).padStart(7, '0')}`
  const contact = contactOf(rig.vault.hash(phone), 0) as ContactId // No hash is 0.
  return { phone, contact, home: shardOfContact(contact, SHARDS) }
}

function asked(contact: ContactId, own: Partial<SuppressAsked> = {}): SuppressAsked {
  return {
    op: 'add',
    kind: 'phone',
    contact,
    customer: 0 as CustomerId,
    by: 'asha',
    reason: 'asked by mail',
    campaign: NO_CAMPAIGN,
    ...own,
  }
}

/** A shard with a campaign and one lead of this phone. */
async function shardWith(phone: string): Promise<Owner & { id: ShardId; campaign: CampaignId }> {
  const { id, campaign } = rig.next()
  const owner = await rig.own(id)
  const settings = settingsOf({ campaign_id: campaign })
  await ask(owner.shard, { type: 'campaign.put', settings })
  await ingest(owner.shard, [lead(campaign, 1, { phone })])
  return { ...owner, id, campaign }
}

/** A shard of no campaign, and a phone that is judged in it. */
async function judge(): Promise<Owner & { id: ShardId; phone: string; contact: ContactId }> {
  const { id } = rig.next()
  for (;;) {
    const { phone, contact, home } = aPhone()
    if (home === id) return { ...(await rig.own(id)), id, phone, contact }
  }
}

function stateOf({ state, campaign }: Owner & { campaign: CampaignId }, id = 1): string {
  const found = state.campaigns.get(campaign) ?? assert.fail('no campaign')
  return found.stateOf(found.leads.row(id as LeadId) as number) // The lead was accepted.
}

test('what one host’s shard decides, another’s folds, and its leads follow in the same record', async () => {
  const home = await judge()
  const away = await shardWith(home.phone)
  const [award] = await takeAwards(away.shard, [order(away.campaign)])
  const here = boardOf('h1', [home.shard])
  const there = boardOf('h2', [away.shard])
  await here.claimed(home.shard)
  await there.claimed(away.shard)
  await listen(there)
  const answer = await execute(home.shard, { type: 'suppress', asked: asked(home.contact) })
  assert.deepEqual(answer, { type: 'suppressed', n: 1, changed: true })
  const heard = { type: 'suppressions.heard', from: home.id, n: 1 } as const
  assert.deepEqual(await execute(away.shard, heard), { type: 'heard' })
  assert.equal(stateOf(away), 'suppressed')
  const last = (await rig.records(away.id)).at(-1)
  assert.deepEqual(
    last?.events.map(({ type }) => type),
    ['suppression.heard', 'lead.revoked', 'lead.suppressed'],
  )
  const { award_id } = award ?? assert.fail('no award')
  assert.deepEqual(await ask(away.shard, { type: 'confirm', award_id }), {
    type: 'refused',
    reason: 'suppressed',
  })
  assert.equal((await rig.replay(away.id)).hash(), away.state.hash(), 'I7')
})

test('decided twice is decided once, and a lifted one puts leads back', async () => {
  const home = await judge()
  const away = await shardWith(home.phone)
  const board = boardOf('h1', [home.shard, away.shard])
  await board.claimed(home.shard)
  await board.claimed(away.shard)
  const add = { type: 'suppress', asked: asked(home.contact) } as const
  await execute(home.shard, add)
  await until(() => stateOf(away) === 'suppressed', 'the lead to be out')
  assert.deepEqual(await execute(home.shard, add), { type: 'suppressed', n: 1, changed: false })
  const remove = { ...add, asked: asked(home.contact, { op: 'remove' }) }
  assert.deepEqual(await execute(home.shard, remove), { type: 'suppressed', n: 2, changed: true })
  await until(() => stateOf(away) === 'waiting', 'the lead to be back')
  const events = (await rig.records(home.id)).flatMap((record) => record.events)
  assert.deepEqual(
    events.map(({ type }) => type),
    ['suppression.added', 'suppression.removed'],
  )
})

test('SB1: a message that was lost is noticed by the next head, and fetched', async () => {
  const home = await judge()
  const away = await shardWith(home.phone)
  const here = boardOf('h1', [home.shard])
  const there = boardOf('h2', [away.shard])
  await here.claimed(home.shard)
  await there.claimed(away.shard)
  await execute(home.shard, { type: 'suppress', asked: asked(home.contact) })
  await rig.link.nc.flush()
  await listen(there)
  assert.equal(stateOf(away), 'waiting')
  here.tick()
  await until(() => stateOf(away) === 'suppressed', 'the lead to be out')
})

test('SB1: who waits for a number that never came fetches it at once', async () => {
  const home = await judge()
  const away = await shardWith(home.phone)
  const there = boardOf('h2', [away.shard])
  await there.claimed(away.shard)
  boardOf('h1', [home.shard])
  await execute(home.shard, { type: 'suppress', asked: asked(home.contact) })
  const heard = { type: 'suppressions.heard', from: home.id, n: 1 } as const
  assert.deepEqual(await execute(away.shard, heard), { type: 'heard' })
  assert.equal(stateOf(away), 'suppressed')
})

test('SD3: who waits for what nobody decided is told to come again', async () => {
  const { id } = rig.next()
  const { shard } = await rig.own(id)
  const heard = { type: 'suppressions.heard', from: 63 as ShardId, n: 1 } as const
  assert.deepEqual(await shard.execute(heard), { type: 'busy' })
})

test('SD2: what is told out of order or twice is folded once, in order', async () => {
  const home = await judge()
  const away = await shardWith(home.phone)
  boardOf('h1', [home.shard])
  const there = boardOf('h2', [away.shard])
  await there.claimed(away.shard)
  await listen(there)
  const entries: SuppressionEntry[] = []
  for (let n = 1; n <= 5; n++) {
    const op = n % 2 === 1 ? 'add' : 'remove'
    await execute(home.shard, { type: 'suppress', asked: asked(home.contact, { op }) })
    entries.push(...home.state.contacts.suppressions.entriesAfter(n - 1, 1))
  }
  const tell = (some: SuppressionEntry[]) => {
    const told: SuppressionsTold = { host: 'h1' as HostId, heads: [], entries: some }
    rig.link.nc.publish(SUPPRESSIONS, pack(told))
  }
  const [one, two, three, four, five] = entries
  assert.ok(one && two && three && four && five)
  tell([three])
  tell([two, one])
  tell([two, three, three])
  tell([one, two, three, four, five])
  tell([five, four])
  const { suppressions } = away.state.contacts
  await until(() => suppressions.head(home.id) === 5, 'all to be folded')
  await until(() => stateOf(away) === 'suppressed', 'the lead to be out')
  const heard = (await rig.records(away.id)).flatMap((record) =>
    record.events.flatMap((event) => (event.type === 'suppression.heard' ? [event.entry] : [])),
  )
  assert.deepEqual(heard, entries)
})

test('SB1: nothing is told before it is durable', async () => {
  const { id } = rig.next()
  await using proxy = await TcpProxy.to(rig.server.url)
  const link = await rig.connect(proxy.url)
  const { shard, state } = await rig.own(id, { link })
  const board = boardOf('h1', [shard])
  await board.claimed(shard)
  const told: SuppressionsTold[] = []
  const heard = subscribe(rig.link.nc, SUPPRESSIONS, quiet, (msg) => {
    const message = unpack<SuppressionsTold>(msg.data)
    if (message.heads.some(([from]) => from === id)) told.push(message)
  })
  await rig.link.nc.flush()
  proxy.deaf = true
  const { contact } = contactIn(id)
  const answer = execute(shard, { type: 'suppress', asked: asked(contact) })
  await until(() => state.contacts.suppressions.own === 1, 'it to be decided')
  board.tick()
  await rig.link.nc.flush()
  assert.deepEqual(told, [])
  proxy.recover()
  assert.equal((await answer).type, 'suppressed')
  await until(() => told.length > 0, 'it to be told')
  heard.unsubscribe()
})

function contactIn(id: ShardId): ReturnType<typeof aPhone> {
  const found = aPhone()
  return found.home === id ? found : contactIn(id)
}

test('SD3: while an outcome that suppresses is under way nothing is folded, and then all is', async () => {
  const home = await judge()
  const away = await shardWith(home.phone)
  const board = boardOf('h1', [home.shard, away.shard])
  await board.claimed(home.shard)
  await board.claimed(away.shard)
  const release = away.shard.suppressions.hold()
  await execute(home.shard, { type: 'suppress', asked: asked(home.contact) })
  await rig.link.nc.flush()
  assert.equal(stateOf(away), 'waiting')
  release()
  await until(() => stateOf(away) === 'suppressed', 'the lead to be out')
})

test('SD3: an outcome that hangs puts folding off for a moment only', async () => {
  const home = await judge()
  const away = await shardWith(home.phone)
  const board = boardOf('h1', [home.shard, away.shard])
  await board.claimed(home.shard)
  await board.claimed(away.shard)
  away.shard.suppressions.hold()
  await execute(home.shard, { type: 'suppress', asked: asked(home.contact) })
  await until(() => {
    board.tick()
    return stateOf(away) === 'suppressed'
  }, 'the lead to be out')
})

test('SB2: a shard that is claimed hears what it missed before it serves, of more than one slice', async () => {
  const home = await judge()
  boardOf('h1', [home.shard])
  const contacts = [home.contact]
  while (contacts.length < 600) contacts.push(contactIn(home.id).contact)
  await Promise.all(
    contacts.map((contact) => execute(home.shard, { type: 'suppress', asked: asked(contact) })),
  )
  const away = await shardWith(home.phone)
  const board = boardOf('h2', [])
  await board.claimed(away.shard)
  assert.equal(away.state.contacts.suppressions.head(home.id), 600)
  assert.equal(stateOf(away), 'suppressed')
})

test('SB2: an owner that stands still delays no claim for ever, and is caught up with', async () => {
  const home = await judge()
  await execute(home.shard, { type: 'suppress', asked: asked(home.contact) })
  const silent = subscribe(rig.link.nc, commandSubject(home.id), quiet, () => {})
  const away = await shardWith(home.phone)
  const there = boardOf('h2', [away.shard])
  await there.claimed(away.shard)
  assert.equal(stateOf(away), 'waiting')
  silent.unsubscribe()
  await rig.link.nc.flush()
  const here = boardOf('h1', [home.shard])
  await here.claimed(home.shard)
  await listen(there)
  here.tick()
  await until(() => stateOf(away) === 'suppressed', 'the lead to be out')
})

test('a log that ends between a suppression and its leads is put right by the next owner', async () => {
  const home = await judge()
  const away = await shardWith(home.phone)
  const entry = entryOf(home.id, home.contact)
  const at = T0 + 1
  const cut = { type: 'suppression.heard', campaign_id: NO_CAMPAIGN, at, entry } as const
  await away.journal.append([cut], at)
  const next = await rig.own(away.id, { host: 'h2' })
  const { campaign } = away
  assert.equal(stateOf({ ...next, campaign }), 'waiting')
  await boardOf('h2', []).claimed(next.shard)
  assert.equal(stateOf({ ...next, campaign }), 'suppressed')
})

test('a lead is suppressed by itself, once, with its lease; that is told and lifted', async () => {
  const away = await shardWith(PHONE)
  const { shard, campaign } = away
  const about = { campaign, lead: 1 as LeadId, by: 'asha', reason: 'complaint 77' }
  const add = { type: 'suppress.lead', op: 'add', ...about } as const
  const check = { type: 'suppress.check_lead', campaign, lead: about.lead } as const
  assert.deepEqual(await ask(shard, check), { type: 'check', suppressed: false })
  await takeAwards(shard, [order(campaign)])
  assert.deepEqual(await ask(shard, add), { type: 'suppressed' })
  assert.deepEqual(await ask(shard, add), { type: 'suppressed', already: true })
  assert.deepEqual(await ask(shard, check), {
    type: 'check',
    suppressed: true,
    since: formatTime(T0),
    reason: 'complaint 77',
  })
  const events = (await rig.records(away.id)).flatMap((record) => record.events)
  assert.deepEqual(
    events.slice(-2).map(({ type }) => type),
    ['lead.revoked', 'lead.suppressed'],
  )
  assert.deepEqual(await takeAwards(shard, [order(campaign)]), [])
  assert.deepEqual(await ask(shard, { ...add, op: 'remove' }), { type: 'removed' })
  assert.equal(stateOf(away), 'waiting')
  assert.deepEqual(await ask(shard, { ...add, op: 'remove' }), { type: 'removed', already: true })
  const unknown = await ask(shard, { ...add, lead: 9 as LeadId })
  assert.ok(unknown.type === 'error' && unknown.path === '/lead_id', JSON.stringify(unknown))
})

test('a check tells for whom a contact is suppressed, since when and why', async () => {
  const { shard, contact } = await judge()
  const check = async (customer: number | null): Promise<CommandReply> =>
    await execute(shard, {
      type: 'suppress.check',
      contact,
      customer: customer as CustomerId | null,
    })
  const reply = (said: object) => ({ type: 'reply', reply: { type: 'check', ...said } })
  assert.deepEqual(await check(null), reply({ suppressed: false }))
  const customer = 7 as CustomerId
  await execute(shard, { type: 'suppress', asked: asked(contact, { customer }) })
  const since = { suppressed: true, since: formatTime(T0), reason: 'asked by mail' }
  assert.deepEqual(await check(7), reply(since))
  assert.deepEqual(await check(8), reply({ suppressed: false }))
  assert.deepEqual(await check(null), reply({ ...since, customer_ids: [7] }))
  await execute(shard, { type: 'suppress', asked: asked(contact) })
  assert.deepEqual(await check(8), reply(since))
})

test.run()
