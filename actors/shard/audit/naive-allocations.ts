// Naive allocations: who each lead was given to, event by event, and what of its deadline is true.
// Nothing of campaign/ is used but at the end, when both sides are held against each other.

import type {
  Event,
  LeadAllocated,
  LeadAwarded,
  LeadDeadlineMissed,
} from '../../protocol/events.ts'
import type { CampaignId, LeadId } from '../../protocol/ids.ts'
import type { ShardState } from '../state.ts'
import type { Findings } from './findings.ts'

interface Given {
  contractor: number
  at: number
  deadline: number | null
  attemptedAt: number | null
  missed: boolean
}

const ENDS = new Set(['converted', 'lost', 'invalid', 'suppressed'])

export class NaiveAllocations {
  readonly #findings: Findings
  readonly #allocated = new Set<number>()
  readonly #given = new Map<number, Map<number, Given>>()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Folds one event; `findings` knows already where it lies. */
  fold(event: Event): void {
    switch (event.type) {
      case 'campaign.put':
        if (event.settings.mode === 'allocated') this.#allocated.add(event.campaign_id)
        else this.#allocated.delete(event.campaign_id)
        break
      case 'lead.allocated':
        this.#give(event)
        break
      case 'lead.awarded':
        this.#award(event)
        break
      case 'lead.confirmed':
      case 'lead.attempted':
        this.#attempted(event, event.at)
        break
      case 'lead.deadline_missed':
        this.#missed(event)
        break
      case 'lead.disposed':
        this.#attempted(event, event.attempted_at < event.at ? event.attempted_at : event.at)
        if (ENDS.has(event.result.state)) this.#of(event.campaign_id).delete(event.lead_id)
        break
      case 'lead.suppressed':
        this.#of(event.campaign_id).delete(event.lead_id)
        break
      case 'lead.paid':
        if (event.closes) this.#of(event.campaign_id).delete(event.lead_id)
        break
      default:
    }
  }

  /** Every allocation there is, on both sides. */
  compare(engine: ShardState): void {
    for (const [id, leads] of this.#given) {
      const campaign = engine.campaigns.get(id as CampaignId) // Its events named it so.
      if (campaign === undefined || engine.poisoned.has(campaign.id)) continue
      const { size } = campaign.allocations
      const same = size === leads.size
      this.#check(same, () => `campaign ${id}: ${size} leads are allocated, ${leads.size} were`)
      for (const [lead, given] of leads) {
        const row = campaign.leads.row(lead as LeadId)
        const known = row === undefined ? null : campaign.allocations.of(row)
        const is = known && [known.contractor, known.deadline, known.firstAt, known.told].join()
        const should = [given.contractor, given.deadline, given.attemptedAt, given.missed].join()
        this.#check(is === should, () => `lead ${id}/${lead}: engine ${is}, log ${should}`)
      }
    }
  }

  #give({ campaign_id, lead_id, contractor_id, at, deadline }: LeadAllocated): void {
    const leads = this.#of(campaign_id)
    this.#check(
      this.#allocated.has(campaign_id),
      () => `lead ${campaign_id}/${lead_id} is allocated in a pooled campaign`,
    )
    if (contractor_id === null) leads.delete(lead_id)
    else {
      const given = { contractor: contractor_id, at, deadline, attemptedAt: null, missed: false }
      leads.set(lead_id, given)
    }
  }

  #award({ campaign_id, lead_id, contractor_id, award_id }: LeadAwarded): void {
    if (!this.#allocated.has(campaign_id)) return
    const whose = this.#of(campaign_id).get(lead_id)?.contractor ?? null
    this.#check(
      whose !== null && whose === contractor_id,
      () => `${award_id} goes to contractor ${contractor_id}, its lead is ${whose}'s`,
    )
  }

  #attempted({ campaign_id, lead_id }: { campaign_id: number; lead_id: number }, at: number): void {
    const given = this.#of(campaign_id).get(lead_id)
    if (given === undefined || at < given.at) return
    given.attemptedAt = given.attemptedAt === null ? at : Math.min(at, given.attemptedAt)
  }

  #missed({ campaign_id, lead_id, contractor_id, deadline, at }: LeadDeadlineMissed): void {
    const given = this.#of(campaign_id).get(lead_id)
    const named = `deadline ${deadline} of lead ${campaign_id}/${lead_id}`
    const right = given?.contractor === contractor_id && given.deadline === deadline
    if (!this.#check(right, () => `${named} is missed, which is not its contractor's`)) return
    if (given === undefined) return
    this.#check(!given.missed, () => `${named} is missed twice`)
    this.#check(at > deadline, () => `${named} is missed at ${at}`)
    const { attemptedAt } = given
    const kept = attemptedAt !== null && attemptedAt <= deadline
    this.#check(!kept, () => `${named} is missed, and was kept at ${attemptedAt}`)
    given.missed = true
  }

  #of(campaign: number): Map<number, Given> {
    const known = this.#given.get(campaign)
    if (known !== undefined) return known
    const made = new Map<number, Given>()
    this.#given.set(campaign, made)
    return made
  }

  #check(holds: boolean, detail: () => string): boolean {
    return this.#findings.check('allocated', holds, detail)
  }
}
