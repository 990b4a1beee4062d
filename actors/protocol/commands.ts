// Commands: what the gateway asks of hosts and shard owners, and what they answer. Internal to one
// version of the engine; the contract is in requests.ts and replies.ts.

import type { AttemptRequest, ReleaseRequest } from './account.ts'
import type { AllocationRequest, BUCKET_BY } from './allocation.ts'
import type { CatalogueRequest, UnmappedCode } from './catalogue.ts'
import type { Encoding } from './codec.ts'
import type { AttemptAsked, ContactId, Verdict } from './contact.ts'
import type {
  CampaignId,
  ContractorId,
  CustomerId,
  HostId,
  LeadId,
  RequestId,
  ShardId,
} from './ids.ts'
import type { LeadInput } from './lead.ts'
import type { LeadSlices } from './lead-slices.ts'
import type { OfferRequest } from './offers.ts'
import type { Reply } from './replies.ts'
import type { DispositionRequest } from './requests.ts'
import type { Settings } from './settings.ts'
import type { SuppressAsked, SuppressionEntry } from './suppression.ts'
import type { TallyRow } from './tally.ts'
import type { Tags, WorkforceRequest } from './workforce.ts'

/** Why a campaign has nothing to offer: leads counted by what excludes them, `empty` campaigns. */
export type Reasons = { [reason: string]: number }

/** A request as hosts see it in a call for bids, to find what they already awarded to it. */
export interface KnownRequest {
  request: RequestId
  body: number
  encoding: Encoding
  /**
   * 0, or that of somebody who asks again: the answer must be the true owner's, not one's that was
   * fenced unawares, and from it on there are no awards under a lower one.
   */
  ballot: number
}

/**
 * Call for bids: one message a host, for the requests of one tick together. `wants[i]` is how many
 * of the tick's requests name `campaigns[i]`: the answer holds up to that many best scores.
 */
export interface CallForBids {
  as_of: number
  /** By the host's clock, when nobody waits for the bids any more. */
  deadline?: number
  campaigns: CampaignId[]
  wants: number[]
  requests: KnownRequest[]
  /** Contractors that may have skipped leads here, with the places of their campaigns. */
  contractors: [ContractorId, number[]][]
}

/** A bid: the class of a lead and its score as of the call's instant, best first. */
export type Bid = [rank: number, score: number]

export type CampaignAnswer =
  | {
      type: 'bids'
      campaign: CampaignId
      customer: CustomerId
      bids: Bid[]
      /** When this customer was last served here, for ties. */
      served_at: number
      /** The campaign's allocation cycle, where it has one. */
      cycle?: string
    }
  | {
      type: 'refusal'
      campaign: CampaignId
      reasons: Reasons
      next_eligible_at: number | null
    }
  | { type: 'unknown'; campaign: CampaignId }
  /** This host does not own the campaign's shard (any more). */
  | { type: 'moved'; campaign: CampaignId }

export interface Bids {
  host: HostId
  answers: CampaignAnswer[]
  /** Bids where a contractor's skips make a difference: [contractor, campaign, answer]. */
  personal: [ContractorId, CampaignAnswer][]
  /** Requests already awarded here: their place, and the award's reply or null (another body). */
  known: [number, Uint8Array | null][]
  /** Requests that were heard under another ballot already: their place, and that ballot. */
  above: [number, number][]
}

/** A request whose campaigns all belong to the host it is sent to. */
export interface WholeRequest {
  campaigns: CampaignId[]
  contractor: ContractorId | null
  request: RequestId | null
  body: number
  encoding: Encoding
  /** See `KnownRequest`. */
  ballot: number
  /** What the contractor may be given leads of; absent where nothing limits it. */
  tags?: Tags
  /** See `Order`. */
  reply?: string
}

/** A whole auction, call and matching and awards, for requests one host can serve alone. */
export interface WholeAuction {
  as_of: number
  deadline: number
  requests: WholeRequest[]
}

export type WholeResult =
  | OrderResult
  /** Not awarded: what its campaigns answered, for the gateway to judge. */
  | { type: 'answers'; answers: CampaignAnswer[] }
  /** It may have been awarded; nobody knows here. */
  | { type: 'lost' }

/** One award asked of a campaign: its best lead, if that still scores `reserve` as of `as_of`. */
export interface Order {
  campaign: CampaignId
  contractor: ContractorId | null
  request: RequestId | null
  body: number
  encoding: Encoding
  /** Under which its request was asked of the owners (KnownRequest). */
  ballot: number
  reserve: Bid | null
  runner_up: { campaign_id: CampaignId; class: number; score: number } | null
  asked: number
  answered: number
  unknown: CampaignId[]
  digest: number
  bids?: [campaign: CampaignId, rank: number, score: number][]
  /** Subject at which whoever asked waits: an award goes there at once. Absent: to the gateway. */
  reply?: string
}

export type OrderResult =
  /** Durable: the reply as the contract has it, in the encoding asked for. */
  | { type: 'award'; body: Uint8Array }
  /** Durable, and whoever asked has been told. */
  | { type: 'told' }
  /** Nothing eligible reaches the reserve any more. */
  | { type: 'refused' }
  /** The request id was awarded to a request with another body. */
  | { type: 'conflict' }
  /** At most so many request ids are kept, and that many are. */
  | { type: 'full' }
  /** Another ballot counts, or may: ask every owner, under one above this. */
  | { type: 'ask_all'; above: number }

export type Command =
  | { type: 'award'; as_of: number; deadline: number; orders: Order[] }
  | { type: 'confirm'; award_id: string }
  | { type: 'extend'; award_id: string }
  | { type: 'skip'; award_id: string; reason: string }
  /** `budgetMs`: how long the asker waits, where it will not ask again. */
  | { type: 'disposition'; request: DispositionRequest; budgetMs?: number }
  /**
   * What comes from the inbox was sent before what comes directly, and goes first. `queued`: its
   * message's sequence there.
   */
  /** `after`: what its asker put into the inbox last, by its sequence there; these leads go behind it. */
  | {
      type: 'ingest'
      leads: LeadInput[] | LeadSlices
      fromInbox?: boolean
      queued?: number
      after?: number
    }
  | { type: 'show'; campaign: CampaignId; lead: LeadId }
  | { type: 'campaign.put'; settings: Settings }
  | { type: 'campaign.show'; campaign: CampaignId }
  | { type: 'campaign.list' }
  | { type: 'requeue'; campaign: CampaignId }
  /** Of another shard's owner: the contact lives here. */
  | { type: 'attempt'; asked: AttemptAsked }
  /** `lead.attempt`: an attempt without an award, on any channel. */
  | { type: 'reach'; request: AttemptRequest }
  | { type: 'release'; request: ReleaseRequest }
  | { type: 'payment'; payment: Payment }
  | { type: 'suppress'; asked: SuppressAsked }
  | {
      type: 'suppress.lead'
      op: 'add' | 'remove'
      campaign: CampaignId
      lead: LeadId
      by: string
      reason: string
    }
  | { type: 'suppress.check'; contact: ContactId; customer: CustomerId | null }
  | { type: 'suppress.check_lead'; campaign: CampaignId; lead: LeadId }
  /** The decisions of this shard after number `after`, at most `limit`. */
  | { type: 'suppressions'; after: number; limit: number }
  /** Answers once this shard has folded `from`'s decisions up to number `n`. */
  | { type: 'suppressions.heard'; from: ShardId; n: number }
  | { type: 'allocate'; request: AllocationRequest; contractors: ContractorId[] }
  | { type: 'board'; campaign: CampaignId; contractor: ContractorId | null }
  | { type: 'buckets'; campaign: CampaignId; by: (typeof BUCKET_BY)[number] }
  | {
      type: 'bucket'
      campaign: CampaignId
      by: (typeof BUCKET_BY)[number]
      code: string
      after: LeadId | null
      limit: number
    }
  | { type: 'unmapped' }
  /** What these contractors did in these days, both included, in all campaigns of the shard. */
  | { type: 'tallies'; from_day: number; to_day: number; contractors: ContractorId[] }
  /** Of the shard the office lives in. */
  | { type: 'office'; request: OfficeRequest }

/** A command as it travels: `deadline`, by its owner's clock, is when nobody waits for it any more. */
export type TimedCommand = Command & { deadline?: number }

/** A command to one host, which does it or nobody does. */
export interface AddressedCommand {
  shard: ShardId
  command: TimedCommand
}

export type OfficeRequest = CatalogueRequest | WorkforceRequest | OfferRequest

/** Money that came in; `account`: the keyed hash of the number, where that names the leads. */
export interface Payment {
  payment_id: string
  of: { campaign: CampaignId; lead: LeadId } | { customer: CustomerId; account: number }
  amount: number
  paid_at: number | null
  closes: boolean | null
}

export type IngestOutcome = 'accepted' | 'updated' | 'unchanged' | { path: string; reason: string }

export type CommandReply =
  | { type: 'awards'; results: OrderResult[] }
  | { type: 'outcomes'; outcomes: IngestOutcome[] }
  | { type: 'reply'; reply: Reply }
  /** What the contact's actor says, durable. */
  | { type: 'verdict'; verdict: Verdict }
  /** Not (or no longer) the owner: ask again, the owner is elsewhere. */
  | { type: 'moved' }
  /** It may have been done or not; nobody knows until the shard has an owner again. */
  | { type: 'lost' }
  /** The owner cannot take more now: the log is slow or too much is waiting. */
  | { type: 'busy' }
  /** Not done: its deadline was over before its turn came. */
  | { type: 'late' }
  /** Ingest only: older leads still wait in the inbox, go behind them. */
  | { type: 'behind' }
  /** A suppression is durable under this number of its shard. */
  | { type: 'suppressed'; n: number; changed: boolean }
  | { type: 'suppressions'; entries: SuppressionEntry[]; head: number }
  | { type: 'heard' }
  | { type: 'unmapped'; codes: UnmappedCode[] }
  | { type: 'tallies'; rows: TallyRow[] }
