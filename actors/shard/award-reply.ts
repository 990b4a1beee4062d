// Award reply: the contract's award from its event, for the first answer and for every repetition.

import type { Campaign } from '../campaign/campaign.ts'
import { leadView, type Opened } from '../campaign/view.ts'
import { type Encoding, encodeBody } from '../protocol/codec.ts'
import type { LeadAwarded } from '../protocol/events.ts'
import type { Award } from '../protocol/replies.ts'
import { formatTime } from '../protocol/time.ts'
import { KeyNotCachedError, type Vault } from '../runtime/vault.ts'

/** The score's terms in words, by name; kept beside a remembered award for its repetitions. */
export type Details = { readonly [name: string]: string } | undefined

export function awardReply(
  campaign: Campaign,
  row: number,
  event: LeadAwarded,
  opened: Opened,
  details: Details,
): Award {
  const terms = Object.entries(event.terms).map(([name, value]) => {
    const detail = details?.[name]
    return detail === undefined ? { name, value } : { name, value, detail }
  })
  const { offer } = event
  return {
    type: 'award',
    award_id: event.award_id,
    lead_id: event.lead_id,
    campaign_id: event.campaign_id,
    customer_id: campaign.settings.customer_id,
    lead: leadView(campaign, row, opened),
    attempt: event.attempt,
    lease_until: formatTime(event.lease_until),
    class: event.class,
    score: event.score,
    why: event.runner_up === null ? { terms } : { terms, runner_up: event.runner_up },
    asked: event.asked,
    answered: event.answered,
    unknown_campaign_ids: event.unknown,
    ...(offer === undefined ? {} : { offer: { ...offer, ends_at: formatTime(offer.ends_at) } }),
  }
}

/** Encodes an award, opening what is sealed: at once where the key is in memory, else soon. */
export function encodeAward(
  vault: Vault,
  campaign: Campaign,
  row: number,
  event: LeadAwarded,
  details: Details,
  encoding: Encoding,
): Uint8Array | Promise<Uint8Array> {
  const encode = (opened: Opened) =>
    encodeBody(encoding, awardReply(campaign, row, event, opened, details))
  const keyRef = campaign.leads.columns.keyRef[row] as number
  if (keyRef === 0) return encode({})
  try {
    return encode(openLead(vault, campaign, row))
  } catch (error) {
    if (!(error instanceof KeyNotCachedError)) throw error
    return vault.withKeys(() => encode(openLead(vault, campaign, row)))
  }
}

/** What identifies the lead's person; throws KeyNotCachedError where the key must be fetched. */
export function openLead(vault: Vault, campaign: Campaign, row: number): Opened {
  const opened: Opened = {}
  const phone = campaign.leads.sealedPhone(row)
  const account = campaign.leads.sealedAccountNo(row)
  const phoneText = phone === null ? null : vault.openCached(phone)
  const accountText = account === null ? null : vault.openCached(account)
  if (phoneText !== null) opened.phone = phoneText
  if (accountText !== null) opened.account_no = accountText
  return opened
}
