// Workforce: contractors that ask, call and report, as a real app would, and remember what they
// were told. What they remember is checked against each other and against the log.

import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '../../actors/runtime/random.ts'
import type { Answer, Cluster } from './cluster.ts'

/** A lead in somebody's hands, in this process's time. */
export interface Hold {
  lead: string
  award: string
  from: number
  until: number
}

export interface History {
  holds: Hold[]
  /** Award ids that were answered, and those whose outcome was acknowledged. */
  awards: Set<string>
  outcomes: Map<string, string>
  /** Campaign and id of leads that were acknowledged as accepted. */
  accepted: Set<string>
  counts: Map<string, number>
}

export function newHistory(): History {
  return {
    holds: [],
    awards: new Set(),
    outcomes: new Map(),
    accepted: new Set(),
    counts: new Map(),
  }
}

export interface WorkforceOptions {
  cluster: Cluster
  contractors: number
  campaigns: readonly number[]
  history: History
  seed: number
  signal: AbortSignal
  budgetMs?: number
}

const OUTCOMES = ['no_answer', 'no_answer', 'busy', 'converted', 'not_interested', 'wrong_number']

/** Runs until the signal; every contractor has a few campaigns and one call at a time. */
export async function work(options: WorkforceOptions): Promise<void> {
  const contractors = Array.from({ length: options.contractors }, (_, i) =>
    contractor(options, i + 1, seeded(options.seed * 1000 + i)),
  )
  await Promise.all(contractors)
}

async function contractor(
  { cluster, campaigns, history, signal, seed, budgetMs = 800 }: WorkforceOptions,
  id: number,
  random: () => number,
): Promise<void> {
  const mine = campaigns.filter(() => random() < 0.15).slice(0, 64)
  if (mine.length === 0) mine.push(campaigns[id % campaigns.length] ?? 1)
  const count = (name: string) => history.counts.set(name, (history.counts.get(name) ?? 0) + 1)
  for (let turn = 0; !signal.aborted; turn++) {
    const request = { contractor_id: id, campaign_ids: mine, request_id: `s${seed}-c${id}-${turn}` }
    let answer = await cluster.call('lead.next', request, { budgetMs })
    for (let tries = 0; answer.type === 'unavailable' && tries < 12 && !signal.aborted; tries++) {
      count('unavailable')
      await sleep(Number(answer.retry_after_ms ?? 250))
      answer = await cluster.call('lead.next', { ...request, retry: true }, { budgetMs })
    }
    count(answer.type)
    if (answer.type === 'award') await handle(answer)
    else await sleep(20)
  }

  async function handle(award: Answer): Promise<void> {
    const award_id = String(award.award_id)
    const hold: Hold = {
      lead: `${award.campaign_id}/${award.lead_id}`,
      award: award_id,
      from: Date.now(),
      until: Date.parse(String(award.lease_until)),
    }
    history.awards.add(award_id)
    // A repetition may tell of an award that has lapsed since: nobody holds that any more.
    if (hold.until <= hold.from) return
    history.holds.push(hold)
    const dice = random()
    if (dice < 0.1) return // Forgets it: the lease must lapse.
    if (dice < 0.2) {
      // From here on somebody else may hold it.
      hold.until = Math.min(hold.until, Date.now())
      count((await cluster.call('lead.skip', { award_id, reason: 'cannot' }, { budgetMs })).type)
      return
    }
    if (dice < 0.7) count((await cluster.call('lead.confirm', { award_id }, { budgetMs })).type)
    const code = OUTCOMES[Math.floor(random() * OUTCOMES.length)] ?? 'no_answer'
    hold.until = Math.min(hold.until, Date.now())
    const outcome = await cluster.call('lead.disposition', { award_id, code }, { budgetMs })
    count(`disposition ${outcome.type}`)
    if (outcome.type === 'recorded') history.outcomes.set(award_id, code)
  }
}

/** Leads that two awards held at the same time, told for people. */
export function overlaps(history: History): string[] {
  const byLead = new Map<string, Hold[]>()
  for (const hold of history.holds) byLead.set(hold.lead, [...(byLead.get(hold.lead) ?? []), hold])
  const found: string[] = []
  for (const holds of byLead.values()) {
    holds.sort((a, b) => a.from - b.from)
    for (const [i, hold] of holds.entries()) {
      const next = holds[i + 1]
      if (next === undefined || next.award === hold.award) continue
      if (next.from < hold.until) {
        found.push(
          `${hold.lead}: ${hold.award} until ${hold.until}, ${next.award} from ${next.from}`,
        )
      }
    }
  }
  return found
}
