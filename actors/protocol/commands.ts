// Commands: what the gateway asks of hosts and shard owners, and what they answer. Internal to one
// version of the engine; the contract is in requests.ts and replies.ts.

import type { Encoding } from './codec.ts'
import type { AttemptAsked, Verdict } from './contact.ts'
import type { CampaignId, ContractorId, CustomerId, HostId, LeadId, RequestId } from './ids.ts'
import type { LeadInput } from './lead.ts'
import type { Reply } from './replies.ts'
import type { DispositionRequest } from './requests.ts'
import type { Settings } from './settings.ts'

/** Why a campaign has nothing to offer: leads counted by what excludes them, `empty` campaigns. */
export type Reasons = { [reason: string]: number }

/** A request as hosts see it in a call for bids, to find what they already awarded to it. */
export interface KnownRequest {
  request: RequestId
  body: number
  encoding: Encoding
  /** It was sent before: the answer must be the true owner's, not one's that was fenced unawares. */
  retry: boolean
}

/**
 * Call for bids: one message a host, for the requests of one tick together. `wants[i]` is how many
 * of the tick's requests name `campaigns[i]`: the answer holds up to that many best scores.
 */
export interface CallForBids {
  as_of: number
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
}

/** A request whose campaigns all belong to the host it is sent to. */
export interface WholeRequest {
  campaigns: CampaignId[]
  contractor: ContractorId | null
  request: RequestId | null
  body: number
  encoding: Encoding
  retry: boolean
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
  reserve: Bid | null
  runner_up: { campaign_id: CampaignId; class: number; score: number } | null
  asked: number
  answered: number
  unknown: CampaignId[]
  digest: number
  bids?: [campaign: CampaignId, rank: number, score: number][]
}

export type OrderResult =
  /** Durable: the reply as the contract has it, in the encoding asked for. */
  | { type: 'award'; body: Uint8Array }
  /** Nothing eligible reaches the reserve any more. */
  | { type: 'refused' }
  /** The request id was awarded to a request with another body. */
  | { type: 'conflict' }
  /** At most so many request ids are kept, and that many are. */
  | { type: 'full' }

export type Command =
  | { type: 'award'; as_of: number; deadline: number; orders: Order[] }
  | { type: 'confirm'; award_id: string }
  | { type: 'extend'; award_id: string }
  | { type: 'skip'; award_id: string; reason: string }
  /** `budgetMs`: how long the asker waits, where it will not ask again. */
  | { type: 'disposition'; request: DispositionRequest; budgetMs?: number }
  /** What comes from the inbox was sent before what comes directly, and goes first. */
  | { type: 'ingest'; leads: LeadInput[]; fromInbox?: boolean }
  | { type: 'show'; campaign: CampaignId; lead: LeadId }
  | { type: 'campaign.put'; settings: Settings }
  | { type: 'campaign.show'; campaign: CampaignId }
  | { type: 'campaign.list' }
  | { type: 'requeue'; campaign: CampaignId }
  /** Of another shard's owner: the contact lives here. */
  | { type: 'attempt'; asked: AttemptAsked }

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
  /** Ingest only: older leads still wait in the inbox, go behind them. */
  | { type: 'behind' }
