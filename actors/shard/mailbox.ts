// Mailbox: a shard's commands, one function each. What a decision needs from elsewhere (a key, an
// award's history) is fetched first; the decision itself never waits (SH1).
//
//   MB1. A command whose time is over before its turn is dropped unread: whoever asked has gone.
//   MB2. So many commands wait for the log at most, then it is `busy`. Ends of calls that have
//        happened find room for longest, looks and leads on their way in for the shortest time.

import type { Campaign } from '../campaign/campaign.ts'
import { type Decision, decideExtend, decideSkip } from '../campaign/lease.ts'
import { decideRelease } from '../campaign/reach.ts'
import { tallyRows } from '../campaign/tally.ts'
import { campaignShown } from '../campaign/view.ts'
import type { AttemptRequest, ReleaseRequest } from '../protocol/account.ts'
import type { Command, CommandReply, TimedCommand } from '../protocol/commands.ts'
import { assertNever, CampaignFault } from '../protocol/errors.ts'
import { type CampaignId, type LeadId, parseAwardId } from '../protocol/ids.ts'
import { errorReply, type Reply } from '../protocol/replies.ts'
import type { DispositionRequest } from '../protocol/requests.ts'
import { completed, type Settings } from '../protocol/settings.ts'
import { URGENCY, type Urgency } from '../protocol/urgency.ts'
import { AllocationDesk } from './allocation-desk.ts'
import { CallDesk, type CallDeskOptions } from './call-desk.ts'
import { showLead } from './lead-shown.ts'
import { PaymentDesk } from './payment-desk.ts'
import type { Shard } from './shard.ts'
import { tellUntil, toldTo } from './tell.ts'

/** Commands in hand at once, and the share of that others leave to the ends of calls (MB2). */
const IN_HAND_MAX = 2048
const SHARE: { readonly [urgency in Urgency]: number } = { end: 1, other: 0.75, look: 0.5 }

type AwardCommand = Extract<TimedCommand, { type: 'award' }>

export class Mailbox {
  readonly #shard: Shard
  readonly #options: CallDeskOptions
  readonly #calls: CallDesk
  readonly #allocations: AllocationDesk
  readonly #payments: PaymentDesk
  /** Campaigns whose quarantine was lifted here: the shard is just given up for that. */
  readonly #requeued = new Set<CampaignId>()
  #inHand = 0

  constructor(shard: Shard, options: CallDeskOptions) {
    this.#shard = shard
    this.#options = options
    this.#calls = new CallDesk(shard, options)
    this.#payments = new PaymentDesk(shard, options.contacts)
    this.#allocations = new AllocationDesk(shard)
  }

  /** Decides a command and answers once everything the answer tells is durable. */
  async execute(command: TimedCommand): Promise<CommandReply> {
    const { deadline } = command
    if (deadline !== undefined && this.#shard.now() > deadline) return late(command) // MB1
    if (this.#inHand >= IN_HAND_MAX * SHARE[URGENCY[command.type]]) return { type: 'busy' }
    this.#inHand++
    try {
      return await this.#execute(command)
    } finally {
      this.#inHand--
    }
  }

  #execute(command: TimedCommand): Promise<CommandReply> {
    switch (command.type) {
      case 'award':
        return this.#award(command)
      case 'confirm':
        return this.#confirm(command.award_id)
      case 'extend':
        return this.#onAward(command.award_id, (campaign, now) =>
          decideExtend(campaign, command.award_id, now),
        )
      case 'skip':
        return this.#onAward(command.award_id, (campaign, now) =>
          decideSkip(campaign, command.award_id, command.reason, now),
        )
      case 'disposition':
        return this.#disposition(command.request, command.budgetMs)
      case 'ingest':
        return this.#ingest(command)
      case 'show':
        return this.#show(command.campaign, command.lead)
      case 'campaign.put':
        return this.#put(command.settings)
      case 'campaign.show':
        return this.#showCampaign(command.campaign)
      case 'campaign.list':
        return this.#listCampaigns()
      case 'requeue':
        return this.#requeue(command.campaign)
      case 'attempt':
        return this.#calls.attempt(command.asked)
      case 'reach':
        return this.#reach(command.request)
      case 'release':
        return this.#release(command.request)
      case 'payment':
        return this.#payments.book(command.payment)
      case 'unmapped':
        return this.#unmapped()
      case 'tallies':
        return this.#tallies(command)
      case 'office':
        return this.#shard.office.execute(command.request)
      case 'suppress':
        return this.#shard.suppressions.suppress(command.asked)
      case 'suppress.lead':
        return this.#shard.suppressions.suppressLead(command)
      case 'suppress.check':
        return this.#shard.suppressions.check(command.contact, command.customer)
      case 'suppress.check_lead':
        return this.#shard.suppressions.checkLead(command.campaign, command.lead)
      case 'suppressions':
        return this.#shard.suppressions.entries(command.after, command.limit)
      case 'suppressions.heard':
        return this.#shard.suppressions.heard(command.from, command.n)
      case 'allocate':
        return this.#allocations.allocate(command)
      case 'board':
        return this.#allocations.board(command)
      case 'buckets':
        return this.#allocations.buckets(command)
      case 'bucket':
        return this.#allocations.bucket(command)
      default:
        return assertNever(command)
    }
  }

  async #award({ orders, as_of, deadline }: AwardCommand): Promise<CommandReply> {
    this.#shard.awards.reserve(orders.length)
    const results = orders.map((order) => this.#shard.awards.award(order, as_of))
    await this.#shard.durable()
    const tell = tellUntil(deadline, this.#options.link, () => this.#shard.now())
    const settled = await Promise.all(results)
    const told = settled.map((result, i) => toldTo(orders[i]?.reply, result, tell))
    return { type: 'awards', results: told }
  }

  async #confirm(award: string): Promise<CommandReply> {
    const campaign = this.#ofAward(award)
    if (campaign === undefined) return answer({ type: 'refused', reason: 'unknown' })
    return await this.#calls.confirm(campaign, award)
  }

  async #onAward(
    award: string,
    decide: (campaign: Campaign, now: number) => Decision,
  ): Promise<CommandReply> {
    const campaign = this.#ofAward(award)
    if (campaign === undefined) return answer({ type: 'refused', reason: 'unknown' })
    return answer(await this.#shard.commit(campaign, () => decide(campaign, this.#shard.now())))
  }

  async #disposition(request: DispositionRequest, budgetMs?: number): Promise<CommandReply> {
    const byAward = 'award_id' in request
    const campaign = byAward
      ? this.#ofAward(request.award_id)
      : this.#shard.state.campaigns.get(request.campaign_id as CampaignId)
    if (campaign !== undefined) return await this.#calls.disposition(campaign, request, budgetMs)
    const path = byAward ? '/award_id' : '/campaign_id'
    return answer(
      errorReply('NOT_FOUND', `${path}: no such ${byAward ? 'award' : 'campaign'}`, path),
    )
  }

  async #reach(request: AttemptRequest): Promise<CommandReply> {
    const campaign = this.#shard.state.campaigns.get(request.campaign_id as CampaignId)
    if (campaign !== undefined) return await this.#calls.reach(campaign, request)
    return answer(noCampaign())
  }

  async #release(request: ReleaseRequest): Promise<CommandReply> {
    const campaign = this.#shard.state.campaigns.get(request.campaign_id as CampaignId)
    if (campaign === undefined) return answer(noCampaign())
    const decide = () => decideRelease(campaign, request, this.#shard.now())
    return answer(await this.#shard.commit(campaign, decide))
  }

  async #unmapped(): Promise<CommandReply> {
    await this.#shard.durable()
    const { campaigns } = this.#shard.state
    const codes = [...campaigns.values()].flatMap(({ accounts }) => accounts.unmapped.list())
    return { type: 'unmapped', codes }
  }

  async #tallies(command: Extract<Command, { type: 'tallies' }>): Promise<CommandReply> {
    await this.#shard.durable()
    const { from_day: from, to_day: to, contractors } = command
    const tallies = [...this.#shard.state.campaigns.values()].map(({ tally }) => tally)
    return { type: 'tallies', rows: tallyRows(tallies, { from, to }, contractors) }
  }

  async #ingest(command: Extract<TimedCommand, { type: 'ingest' }>): Promise<CommandReply> {
    const { leads, fromInbox = false, queued, after = 0, deadline } = command
    if (this.#shard.lane.full) return { type: 'busy' }
    const isBehind = this.#shard.behind || after > this.#shard.taken
    if (isBehind && !fromInbox) return { type: 'behind' }
    const outcomes = await this.#shard.lane.add(leads, { queued, deadline })
    return outcomes === null ? { type: 'late' } : { type: 'outcomes', outcomes }
  }

  async #put(settings: Settings): Promise<CommandReply> {
    const known = this.#shard.state.campaigns.get(settings.campaign_id)
    if (known !== undefined && known.settings.customer_id !== settings.customer_id) {
      const message = `/customer_id: campaign ${known.id} belongs to customer ${known.settings.customer_id}, and a campaign keeps its customer`
      return answer(errorReply('CUSTOMER_MISMATCH', message, '/customer_id'))
    }
    const now = known?.clock(this.#shard.now()) ?? this.#shard.now()
    const same = known !== undefined && isSame(known.settings, settings)
    if (!same) {
      const { campaign_id } = settings
      try {
        this.#shard.emit({ type: 'campaign.put', campaign_id, at: now, settings })
      } catch (error) {
        if (known === undefined) throw error // Nothing is there yet that it could have broken.
        this.#shard.fault(known, error)
      }
    }
    await this.#shard.durable()
    const campaign = this.#shard.campaign(settings.campaign_id)
    // Leads that were called already may have to sleep by the new rules.
    if (!same && campaign.contacts.rules !== null) this.#options.contacts.wanted()
    return answer(campaignShown(campaign, now))
  }

  async #show(campaignId: CampaignId, lead: LeadId): Promise<CommandReply> {
    await this.#shard.durable()
    const campaign = this.#shard.state.campaigns.get(campaignId)
    const row = campaign?.leads.row(lead)
    if (campaign === undefined || row === undefined) {
      const path = campaign === undefined ? '/campaign_id' : '/lead_id'
      return answer(errorReply('NOT_FOUND', `${path}: no such ${path.slice(1, -3)}`, path))
    }
    const { vault, link } = this.#options
    const now = () => this.#shard.now()
    return answer(await showLead(campaign, row, { vault, link, now }))
  }

  async #showCampaign(campaignId: CampaignId): Promise<CommandReply> {
    await this.#shard.durable()
    const campaign = this.#shard.state.campaigns.get(campaignId)
    if (campaign === undefined) {
      return answer(errorReply('NOT_FOUND', '/campaign_id: no such campaign', '/campaign_id'))
    }
    this.#shard.lapse(campaign)
    return answer(campaignShown(campaign, campaign.clock(this.#shard.now())))
  }

  async #listCampaigns(): Promise<CommandReply> {
    await this.#shard.durable()
    const campaigns = [...this.#shard.state.campaigns.values()].map((campaign) => {
      this.#shard.lapse(campaign)
      const { type: _, ...shown } = campaignShown(campaign, campaign.clock(this.#shard.now()))
      return shown
    })
    return answer({ type: 'campaigns', campaigns })
  }

  /** Lifts a quarantine: the campaign is folded anew from the log, by whoever owns the shard next. */
  async #requeue(campaignId: CampaignId): Promise<CommandReply> {
    const campaign = this.#shard.state.campaigns.get(campaignId)
    if (campaign === undefined) {
      return answer(errorReply('NOT_FOUND', '/campaign_id: no such campaign', '/campaign_id'))
    }
    if (campaign.quarantined === null) return answer({ type: 'requeued' })
    // Asked again before the shard is folded anew: it is done, and in the log once.
    if (this.#requeued.has(campaignId)) {
      await this.#shard.durable()
      return answer({ type: 'requeued' })
    }
    this.#requeued.add(campaignId)
    // A poisoned campaign's own state cannot be trusted with an event: it joins the record as is.
    const at = campaign.clock(this.#shard.now())
    this.#shard.emit({ type: 'campaign.requeued', campaign_id: campaignId, at })
    await this.#shard.durable()
    this.#shard.close(
      new CampaignFault(campaignId, 'requeued: the shard is folded anew from its log'),
    )
    return answer({ type: 'requeued' })
  }

  #ofAward(award: string): Campaign | undefined {
    const parts = parseAwardId(award)
    return parts === null ? undefined : this.#shard.state.campaigns.get(parts.campaign)
  }
}

/** An award past its deadline would be nobody's: refused, as any it could not give. */
function late(command: Command): CommandReply {
  if (command.type !== 'award') return { type: 'late' }
  return { type: 'awards', results: command.orders.map(() => ({ type: 'refused' })) }
}

/** Whatever order their fields are in, and whichever version put them. */
function isSame(known: Settings, settings: Settings): boolean {
  return JSON.stringify(completed(known)) === JSON.stringify(completed(settings))
}

function noCampaign(): Reply {
  return errorReply('NOT_FOUND', '/campaign_id: no such campaign', '/campaign_id')
}

function answer(reply: Reply): CommandReply {
  return { type: 'reply', reply }
}
