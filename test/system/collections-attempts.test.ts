// Collections attempts: ten thousand attempts on every channel while accounts are unsubscribed, paid
// and lifted at random, and a host is killed on the way. Nobody is attempted who is suppressed or
// closed: by what callers were told, and by the journal.
//
// deadline: 240 s

import assert from 'node:assert/strict'
import { seeded } from '../../actors/runtime/random.ts'
import { Engine } from '../acceptance/engine.ts'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const ATTEMPTS = 10_000
const CAMPAIGNS = 8
const LEADS = 800
/** A phone is three leads' of a customer. */
const PHONES = 2133
const WORKERS = 64
const SEED = 20_260_105
const CUSTOMERS = [55, 56]
const CHANNELS = ['call', 'sms', 'whatsapp', 'email', 'field', 'debit']
const test = suite('collections-attempts', { deadlineMs: 220_000 })

interface Lead {
  campaign_id: number
  lead_id: number
  customer: number
  phone: string
  account: string
}

/** What callers were told, in this process's time. */
interface Attempt {
  lead: Lead
  asked: number
  answered: number
  what: string
}

/** From the acknowledgement of a suppression until somebody begins to lift it. */
interface Window {
  from: number
  until: number
}

/** The harness: contractors that ask and report, and remember what they were told. */
class Floor {
  readonly engine: Engine
  readonly leads: Lead[] = []
  readonly attempts: Attempt[] = []
  readonly counts = new Map<string, number>()
  /** By what is suppressed, and for whom. */
  readonly windows = new Map<string, Window[]>()
  readonly #byId = new Map<string, Lead>()
  /** What somebody is just deciding on: two decisions on one key have no order for us. */
  readonly #deciding = new Set<string>()

  constructor(engine: Engine) {
    this.engine = engine
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
  }

  async open(): Promise<void> {
    for (let c = 0; c < CAMPAIGNS; c++) {
      const campaign_id = 3000 + c
      const customer = CUSTOMERS[c % 2] as number
      const settings = { kind: 'collections', customer_id: customer, lease: { ttl_s: 300 } }
      await this.engine.put(campaign_id, settings)
      // An account is in two of its customer's campaigns, which live in different shards.
      const leads = Array.from({ length: LEADS }, (_, i) => {
        const account = `LN-${customer}-${c < CAMPAIGNS / 2 ? i : LEADS + i}`
        const phone = `+919810${100_000 + ((c * LEADS + i) % PHONES)}`
        return { campaign_id, lead_id: i + 1, customer, phone, account }
      })
      for (const lead of leads) this.#byId.set(`${campaign_id}/${lead.lead_id}`, lead)
      this.leads.push(...leads)
      await this.engine.accept(
        leads.map(({ lead_id, phone, account }) =>
          this.engine.lead(lead_id, campaign_id, {
            customer_id: customer,
            phone,
            account_no: account,
            amount_due: 100_000,
          }),
        ),
      )
    }
  }

  /** Attempts until there were enough; `random` decides what, the clock in which order. */
  async work(contractor: number, random: () => number): Promise<void> {
    while (this.attempts.length < ATTEMPTS) {
      const dice = random()
      if (dice < 0.28) await this.#call(contractor, random)
      else if (dice < 0.9) await this.#reach(random)
      else await this.#decide(random)
    }
  }

  /** A call under an award: confirmed, and most of the time reported. */
  async #call(contractor_id: number, random: () => number): Promise<void> {
    const campaign_ids = [
      3000 + Math.floor(random() * CAMPAIGNS),
      3000 + (contractor_id % CAMPAIGNS),
    ]
    const award = await this.#ask('lead.next', {
      contractor_id,
      campaign_ids: [...new Set(campaign_ids)],
    })
    if (award.type !== 'award') return
    const lead = this.#byId.get(`${award.campaign_id}/${award.lead_id}`)
    assert.ok(lead)
    const { award_id } = award
    const asked = performance.now()
    const answer = await this.#ask('lead.confirm', { award_id })
    if (answer.type === 'confirmed') this.#made(lead, asked, 'call confirmed')
    if (random() < 0.1) return
    const code = random() < 0.15 ? 'PAID' : random() < 0.1 ? 'DNC' : 'RNR'
    const key = code === 'PAID' ? accountKey(lead) : code === 'DNC' ? phoneKey(lead) : null
    await this.#suppressing(key, async () => {
      const told = await this.#ask('lead.disposition', { award_id, code })
      return told.type === 'recorded'
    })
  }

  /** A message, a visit or a debit; now and then somebody answers STOP. */
  async #reach(random: () => number): Promise<void> {
    const lead = this.#any(random)
    const { campaign_id, lead_id } = lead
    const channel = CHANNELS[Math.floor(random() * CHANNELS.length)] ?? 'sms'
    const asked = performance.now()
    const answer = await this.#ask('lead.attempt', { campaign_id, lead_id, channel })
    if (answer.type === 'refused') this.count(`${answer.reason}`)
    if (answer.type !== 'attempt') return
    this.#made(lead, asked, `${channel} attempt`)
    if (random() > 0.02) return
    await this.#suppressing(phoneKey(lead), async () => {
      const { attempt_id } = answer
      const told = await this.#ask('lead.disposition', { attempt_id, code: 'DNC' })
      return told.type === 'recorded'
    })
  }

  /** Unsubscribes, pays or lifts. */
  async #decide(random: () => number): Promise<void> {
    const lead = this.#any(random)
    const by = { by: 'agent 7', reason: 'asked' }
    const { phone, account: account_no, customer: customer_id } = lead
    const dice = random()
    if (dice < 0.3) {
      const body = { payment_id: `p-${this.#next()}`, customer_id, account_no, amount: 100_000 }
      await this.#suppressing(accountKey(lead), async () => {
        const answer = await this.#ask('payment.record', { ...body, closes: true })
        if (answer.type === 'paid') this.count('payments')
        return answer.type === 'paid'
      })
    } else if (dice < 0.6) {
      const named = random() < 0.5 ? { phone, customer_id } : { account_no, customer_id }
      const key = 'phone' in named ? phoneKey(lead) : accountKey(lead)
      await this.#suppressing(key, async () => {
        const answer = await this.#ask('suppression.add', { ...named, ...by })
        if (answer.type === 'suppressed') this.count('unsubscribed')
        return answer.type === 'suppressed'
      })
    } else {
      const named = random() < 0.5 ? { phone, customer_id } : { account_no, customer_id }
      const key = 'phone' in named ? phoneKey(lead) : accountKey(lead)
      await this.#lifting(key, async () => {
        const answer = await this.#ask('suppression.remove', { ...named, ...by })
        if (answer.type === 'removed') this.count('lifted')
      })
    }
  }

  #made(lead: Lead, asked: number, what: string): void {
    this.count(what)
    this.attempts.push({ lead, asked, answered: performance.now(), what })
  }

  #numbers = 0
  #next(): number {
    return ++this.#numbers
  }

  #any(random: () => number): Lead {
    return this.leads[Math.floor(random() * this.leads.length)] as Lead // The index is inside.
  }

  /** Notes from when on a key is suppressed, where `act` says that it was acknowledged. */
  async #suppressing(key: string | null, act: () => Promise<boolean>): Promise<void> {
    if (key === null) {
      await act()
      return
    }
    if (this.#deciding.has(key)) return
    this.#deciding.add(key)
    try {
      if (!(await act())) return
      const windows = this.windows.get(key) ?? []
      this.windows.set(key, windows)
      const open = windows.at(-1)?.until === Number.POSITIVE_INFINITY
      if (!open) windows.push({ from: performance.now(), until: Number.POSITIVE_INFINITY })
    } finally {
      this.#deciding.delete(key)
    }
  }

  async #lifting(key: string, act: () => Promise<void>): Promise<void> {
    const last = this.windows.get(key)?.at(-1)
    if (this.#deciding.has(key) || last?.until !== Number.POSITIVE_INFINITY) return
    this.#deciding.add(key)
    try {
      last.until = performance.now()
      await act()
    } finally {
      this.#deciding.delete(key)
    }
  }

  async #ask(service: Parameters<Engine['call']>[0], body: object): Promise<Answer> {
    const answer = await this.engine.cluster.call(service, body, { budgetMs: 4000 })
    const known = ['error', 'unavailable', 'overloaded', 'stale_award'].includes(answer.type)
    if (known) this.count(`${service} ${answer.type} ${answer.code ?? ''}`.trim())
    return answer
  }

  /** Attempts asked for after an acknowledgement, and made before anybody began to lift it. */
  breaches(): string[] {
    return this.attempts.flatMap(({ lead, asked, answered, what }) => {
      const inside = ({ from, until: end }: Window) => from <= asked && answered <= end
      const closed = [phoneKey(lead), accountKey(lead)].filter((key) =>
        this.windows.get(key)?.some(inside),
      )
      return closed.map((key) => `${what} of ${lead.campaign_id}/${lead.lead_id}, ${key}`)
    })
  }
}

function phoneKey({ phone, customer }: Lead): string {
  return `phone ${phone} for ${customer}`
}

function accountKey({ account, customer }: Lead): string {
  return `account ${account} for ${customer}`
}

test('E9: ten thousand attempts, none on a suppressed or closed account', async () => {
  await using engine = await Engine.start({ hosts: 2, env: { LEADBID_SHARDS: '4' } })
  const floor = new Floor(engine)
  await floor.open()
  const began = performance.now()
  const victim = engine.cluster.member('h2')
  const killed = until(() => floor.attempts.length > ATTEMPTS / 2, 'half of the attempts', {
    deadlineMs: 200_000,
  }).then(async () => {
    await victim.kill9()
    victim.restart()
  })
  const contractors = Array.from({ length: WORKERS }, (_, i) => floor.work(i + 1, seeded(SEED + i)))
  await Promise.all([...contractors, killed])
  const seconds = (performance.now() - began) / 1000
  await engine.cluster.ready()
  const audit = await engine.cli(['audit', '--json'])
  const { checked, violations } = JSON.parse(audit.stdout)
  const told = [...floor.counts].sort().map(([name, n]) => `${name} ${n}`)
  console.log(`${floor.attempts.length} attempts in ${seconds.toFixed(1)} s; ${told.join(', ')}`)
  console.log(`attempts on suppressed or closed accounts: ${floor.breaches().length}`)
  console.log(
    `audit: ${violations.length} violations, ${checked.I4} checks of I4, ${checked.I14} of I14`,
  )
  assert.deepEqual(floor.breaches(), [])
  assert.equal(audit.code, 0, audit.stdout.slice(0, 4000))
  assert.ok(checked.I4 > ATTEMPTS, 'the audit looked at every attempt')
  for (const name of ['suppressed', 'payments', 'unsubscribed', 'lifted', 'call confirmed']) {
    assert.ok((floor.counts.get(name) ?? 0) > 20, `${name}: ${floor.counts.get(name)}`)
  }
})

test.run()
