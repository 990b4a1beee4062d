// Ids: branded integers for what customers number, branded strings for what we mint, and the one
// function that says which shard a campaign lives in.

import { CHANNELS, type Channel } from './dispositions.ts'

declare const brand: unique symbol
type Brand<T, B> = T & { readonly [brand]: B }

export type LeadId = Brand<number, 'lead'>
export type CampaignId = Brand<number, 'campaign'>
export type CustomerId = Brand<number, 'customer'>
export type ContractorId = Brand<number, 'contractor'>
export type ShardId = Brand<number, 'shard'>
export type HostId = Brand<string, 'host'>
export type AwardId = Brand<string, 'award'>
export type RequestId = Brand<string, 'request'>

/** What an opaque id may look like; such ids travel in subjects, URLs and file names. */
export const OPAQUE_ID = /^[A-Za-z0-9_-]{1,64}$/

/** FNV-1a over the UTF-16 units of an ASCII text, 32 bit (Fowler, Noll, Vo). */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return hash >>> 0
}

/** The shard that owns a campaign; `shards` is fixed for the life of a log. */
export function shardOf(campaign: CampaignId, shards: number): ShardId {
  return (fnv1a(String(campaign)) % shards) as ShardId
}

/**
 * An award's id: campaign and lead for routing without a table, the shard's record number and the
 * place in it for uniqueness. A record that was refused never released its replies, so another
 * owner's record of the same number cannot make a second award with an id anybody has seen.
 */
export function awardId(campaign: CampaignId, lead: LeadId, n: number, index: number): AwardId {
  const part = (value: number) => value.toString(36)
  return `a${part(campaign)}-${part(lead)}-${part(n)}-${part(index)}` as AwardId
}

/** The parts of an award id, or null when the text was never one of ours. */
export function parseAwardId(
  text: string,
): { campaign: CampaignId; lead: LeadId; n: number; index: number } | null {
  const match = /^a([0-9a-z]{1,11})-([0-9a-z]{1,11})-([0-9a-z]{1,11})-([0-9a-z]{1,4})$/.exec(text)
  if (match === null) return null
  const [campaign, lead, n, index] = match.slice(1).map((part) => Number.parseInt(part, 36))
  if (![campaign, lead, n].every((part) => Number.isSafeInteger(part))) return null
  return { campaign: campaign as CampaignId, lead: lead as LeadId, n: n ?? 0, index: index ?? 0 }
}

/** An attempt's id: its lead and channel, and where it stands in the log, as an award's. */
export function attemptId(
  channel: Channel,
  campaign: CampaignId,
  lead: LeadId,
  n: number,
  index: number,
): string {
  const part = (value: number) => value.toString(36)
  return `t${CHANNELS.indexOf(channel)}-${part(campaign)}-${part(lead)}-${part(n)}-${part(index)}`
}

/** What an attempt id names, or null when the text was never one of ours. */
export function parseAttemptId(
  text: string,
): { channel: Channel; campaign: CampaignId; lead: LeadId } | null {
  const match = /^t(\d)-([0-9a-z]{1,11})-([0-9a-z]{1,11})-[0-9a-z]{1,11}-[0-9a-z]{1,11}$/.exec(text)
  const channel = CHANNELS[Number(match?.[1])]
  if (match === null || channel === undefined) return null
  const [campaign, lead] = match.slice(2, 4).map((part) => Number.parseInt(part, 36))
  if (![campaign, lead].every((part) => Number.isSafeInteger(part))) return null
  return { channel, campaign: campaign as CampaignId, lead: lead as LeadId }
}
