// Dialling turn: the floors of all campaigns that are dialled, while this process holds the claim.
//
//   DT1. Every TICK_MS each floor is looked at with who is at work then: who was untagged a moment ago
//        counts for no line that is placed after it.
//   DT2. Nobody at work: nothing is asked of the engine.
//   DT3. A campaign that is no longer dialled gets no new line, and is forgotten when its calls ended.

import type { Seen } from '../../collections/floor-agents.ts'
import { type Placeable, placeAgents } from '../../collections/floor-placement.ts'
import { decodeBody, encodeBody } from '../../protocol/codec.ts'
import {
  DIALLING_SHOW,
  type DiallingReply,
  dialerShowSchema,
  isDialled,
} from '../../protocol/dialling.ts'
import type { CampaignId, ContractorId } from '../../protocol/ids.ts'
import type { Reply } from '../../protocol/replies.ts'
import { check } from '../../protocol/schema.ts'
import type { Settings } from '../../protocol/settings.ts'
import { mayServe, type Tags } from '../../protocol/workforce.ts'
import { sleep } from '../../runtime/clock.ts'
import type { Link } from '../../runtime/nats.ts'
import { type Msg, subscribe } from '../../runtime/nats.ts'
import type { Present } from '../../runtime/presence.ts'
import { CampaignFloor, type FloorPorts } from './campaign-floor.ts'
import type { RecordStore } from './record-store.ts'

const TICK_MS = 250
/** How old what is known of campaigns may be, ms. */
const CAMPAIGNS_MS = 2000
const SAVE_MS = 5000

/** Who is at work, and what limits them. */
export interface Workforce {
  present(): ReadonlyMap<ContractorId, Present>
  /** How long ago somebody's last word was heard, ms. */
  ageOf(contractor: ContractorId): number
  limits(contractor: ContractorId): Tags | undefined
}

export interface TurnOptions extends FloorPorts {
  link: Link
  workforce: Workforce
  records: RecordStore
}

type Dialled = Pick<Settings, 'campaign_id' | 'customer_id' | 'cycle'>

export class DiallingTurn {
  readonly #options: TurnOptions
  readonly #floors = new Map<CampaignId, CampaignFloor>()
  readonly #saved = new Map<CampaignId, string>()
  /** Campaigns that are dialled, by their settings. */
  #dialled = new Map<CampaignId, Dialled>()
  #places = new Map<ContractorId, CampaignId>()
  readonly #onCallAt = new Map<ContractorId, number>()
  #askedAt = Number.NEGATIVE_INFINITY
  #savedAt = 0
  #background: Promise<void> | null = null

  constructor(options: TurnOptions) {
    this.#options = options
  }

  /** Dials until `signal` aborts; then gives up what rings and puts away what it knows. */
  async run(signal: AbortSignal): Promise<void> {
    const { link, dialer, log } = this.#options
    const events = dialer.onEvent((event) => {
      for (const floor of this.#floors.values()) {
        if (floor.has(event.call_id)) return floor.heard(event)
      }
    })
    const shows = subscribe(link.nc, DIALLING_SHOW, log, (msg) => this.#show(msg))
    try {
      while (!signal.aborted) {
        this.#tick()
        await sleep(TICK_MS, signal).catch(() => undefined) // aborted: the loop sees it
      }
    } finally {
      shows.unsubscribe()
      await Promise.all([...this.#floors.values()].map((floor) => floor.close()))
      events.unsubscribe()
      await this.#background
      await this.#save()
    }
  }

  /** Waits for nothing: a call that is answered has two seconds. */
  #tick(): void {
    const present = this.#options.workforce.present()
    const staff = this.#staff(present)
    for (const [campaign, floor] of this.#floors) {
      floor.tick(staff.get(campaign) ?? [], this.#dialled.has(campaign))
    }
    this.#background ??= this.#lookAround(present.size > 0).finally(() => {
      this.#background = null
    })
  }

  /** What has to wait for others, one look at a time. */
  async #lookAround(somebody: boolean): Promise<void> {
    if (somebody) await this.#learnCampaigns()
    for (const campaign of new Set(this.#places.values())) await this.#open(campaign)
    for (const [campaign, floor] of this.#floors) {
      if (!this.#dialled.has(campaign) && floor.quiet) await this.#forget(campaign, floor)
    }
    if (performance.now() - this.#savedAt >= SAVE_MS) await this.#save()
  }

  /** Which campaigns are dialled; what was known stands while nobody answers. */
  async #learnCampaigns(): Promise<void> {
    if (performance.now() - this.#askedAt < CAMPAIGNS_MS) return
    this.#askedAt = performance.now()
    const reply = await this.#options.leads.ask('campaign.list', {})
    if (reply?.type !== 'campaigns') return
    const dialled = reply.campaigns.filter((shown) => isDialled(shown) && !shown.quarantined)
    this.#dialled = new Map(dialled.map((shown) => [shown.campaign_id, shown]))
  }

  /** Everybody's own word, by the floor they stand on. */
  #staff(present: ReadonlyMap<ContractorId, Present>): Map<CampaignId, Seen[]> {
    const calls = this.#calls(present)
    const agents: Placeable[] = []
    for (const [id, { campaign_ids }] of present) {
      const call = calls.get(id)
      // Who has a call stands where it is, or nowhere while that is not theirs any more.
      const campaigns = this.#campaignsOf(id, campaign_ids).filter(
        (campaign) => call === undefined || campaign === call,
      )
      if (campaigns.length > 0) agents.push({ id, campaigns })
    }
    const isDry = (campaign: CampaignId) => this.#floors.get(campaign)?.dry === true
    this.#places = placeAgents(agents, this.#places, isDry)
    const staff = new Map<CampaignId, Seen[]>()
    for (const [id, campaign] of this.#places) {
      const words = staff.get(campaign)
      const idle = present.get(id)?.status === 'idle'
      const word = this.#wordOf(id, idle, calls.has(id))
      if (words === undefined) staff.set(campaign, [word])
      else words.push(word)
    }
    return staff
  }

  /** Whose call is on which floor; remembers when each was last seen to have one. */
  #calls(present: ReadonlyMap<ContractorId, Present>): Map<ContractorId, CampaignId> {
    const now = this.#options.clock.now()
    const calls = new Map<ContractorId, CampaignId>()
    for (const [campaign, floor] of this.#floors) {
      for (const agent of floor.onCall()) calls.set(agent, campaign)
    }
    for (const agent of this.#onCallAt.keys()) if (!present.has(agent)) this.#onCallAt.delete(agent)
    for (const agent of calls.keys()) this.#onCallAt.set(agent, now)
    return calls
  }

  /** What was said during a call is no word about after it, on whichever floor (DF5). */
  #wordOf(id: ContractorId, idle: boolean, onCall: boolean): Seen {
    const at = this.#options.clock.now() - this.#options.workforce.ageOf(id)
    const calledAt = this.#onCallAt.get(id) ?? Number.NEGATIVE_INFINITY
    return { id, idle: idle && (onCall || at > calledAt), at }
  }

  /**
   * The campaigns somebody may be given calls of: those named as sat for, else those of the tags. Who
   * names none and has none is at work for nobody's list.
   */
  #campaignsOf(agent: ContractorId, named: readonly CampaignId[] | undefined): CampaignId[] {
    const limits = this.#options.workforce.limits(agent)
    if (named === undefined && limits === undefined) return []
    const asked = named ?? [...this.#dialled.keys()]
    return asked.filter((campaign) => {
      const settings = this.#dialled.get(campaign)
      if (settings === undefined) return false
      return mayServe(limits, { customer: settings.customer_id, cycle: settings.cycle })
    })
  }

  async #open(campaign: CampaignId): Promise<void> {
    if (this.#floors.has(campaign)) return
    const { records, log } = this.#options
    try {
      const record = await records.load(campaign)
      this.#floors.set(campaign, new CampaignFloor(campaign, record, this.#options))
      log.info({ campaignId: campaign }, 'campaign is dialled')
    } catch (error) {
      // Without what was abandoned before, nobody knows how fast to dial: the next tick asks again.
      log.warn({ campaignId: campaign, error: String(error) }, 'pacing record not read')
    }
  }

  async #forget(campaign: CampaignId, floor: CampaignFloor): Promise<void> {
    await this.#saveOne(campaign, floor)
    this.#floors.delete(campaign)
    this.#saved.delete(campaign)
    this.#options.log.info({ campaignId: campaign }, 'campaign is no longer dialled')
  }

  async #save(): Promise<void> {
    this.#savedAt = performance.now()
    for (const [campaign, floor] of this.#floors) await this.#saveOne(campaign, floor)
  }

  async #saveOne(campaign: CampaignId, floor: CampaignFloor): Promise<void> {
    const record = JSON.stringify(floor.record)
    if (this.#saved.get(campaign) === record) return
    try {
      await this.#options.records.save(campaign, floor.record)
      this.#saved.set(campaign, record)
    } catch (error) {
      this.#options.log.warn({ campaignId: campaign, error: String(error) }, 'record not saved')
    }
  }

  #show(msg: Msg): void {
    const { encoding, body } = decodeBody(msg.data)
    const asked = check(dialerShowSchema, body)
    const campaign = asked.ok ? asked.value.campaign_id : undefined
    const shown = [...this.#floors.values()]
      .map((floor) => floor.shown())
      .filter(({ campaign_id }) => campaign === undefined || campaign_id === campaign)
      .sort((a, b) => a.campaign_id - b.campaign_id)
    const reply: DiallingReply & Reply = { type: 'dialling', campaigns: shown }
    msg.respond(encodeBody(encoding, reply))
  }
}
