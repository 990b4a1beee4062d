// Scale, life: attempts from the award to the outcome, at a rate: what a contractor's app sends.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Cluster } from '../support/cluster.ts'
import { STEP_MS } from './loops.ts'
import { requests } from './work.ts'

export interface LifeOrder {
  campaigns: number
  named: number
  rate: number
  seconds: number
  seed: number
}

/** Most attempts on their way; beyond it none is begun. */
const OPEN_MAX = 1024
const BUDGET_MS = 2000
/** Most calls are not picked up (contract §3 lists the codes). */
const CODES = ['no_answer', 'no_answer', 'no_answer', 'not_interested', 'converted'] as const

/** Lives at even intervals, a request each: next, confirm, disposition. Resolves with those that ended. */
export async function live(cluster: Cluster, order: LifeOrder): Promise<number> {
  const { campaigns, named: asked, rate, seconds, seed } = order
  const asks = requests({ campaigns, asked, seed, count: 1024 })
  const all = Math.round(rate * seconds)
  const open = new Set<Promise<void>>()
  const began = performance.now()
  let ended = 0
  for (let sent = 0; sent < all; ) {
    const due = Math.min(all, ((performance.now() - began) * rate) / 1000)
    for (; sent < due; sent++) {
      if (open.size >= OPEN_MAX) continue
      const life: Promise<void> = attempt(cluster, asks[sent % asks.length] ?? [1], sent)
        .then((done) => {
          if (done) ended++
        })
        .finally(() => open.delete(life))
      open.add(life)
    }
    await sleep(STEP_MS)
  }
  await Promise.all(open)
  return ended
}

async function attempt(cluster: Cluster, campaigns: readonly number[], i: number) {
  const asked = await call(cluster, 'lead.next', { campaign_ids: campaigns })
  if (asked.type !== 'award') return false
  const { award_id } = asked
  const confirmed = await call(cluster, 'lead.confirm', { award_id })
  if (confirmed.type !== 'confirmed') return false
  const code = CODES[i % CODES.length]
  return (await call(cluster, 'lead.disposition', { award_id, code })).type === 'recorded'
}

async function call(
  cluster: Cluster,
  service: 'lead.next' | 'lead.confirm' | 'lead.disposition',
  body: object,
): Promise<Answer> {
  return await cluster.call(service, body, { budgetMs: BUDGET_MS })
}
