// Subjects, streams and buckets: every name the engine uses on NATS.

import type { HostId, ShardId } from './ids.ts'

/** The public services, by subject; queue group `gateway`. */
export const SERVICES = [
  'lead.next',
  'lead.confirm',
  'lead.extend',
  'lead.skip',
  'lead.disposition',
  'lead.ingest',
  'lead.show',
  'lead.attempt',
  'lead.release',
  'payment.record',
  'campaign.put',
  'campaign.show',
  'campaign.list',
  'suppression.add',
  'suppression.remove',
  'suppression.check',
  'suppression.list',
  'disposition.resolve',
  'disposition.catalogue',
  'disposition.put',
  'disposition.unmapped',
  'allocation.put',
  'allocation.board',
  'bucket.list',
  'bucket.show',
  'agent.put',
  'agent.list',
  'agent.presence',
  'target.put',
  'performance.show',
  'offer.put',
  'offer.batch',
  'offer.price',
  'offer.reserve',
  'offer.commit',
  'offer.release',
  'offer.cancel',
  'offer.end',
  'offer.list',
  'call.place',
  'dialer.show',
  'model.show',
  'model.list',
] as const
export type Service = (typeof SERVICES)[number]
export const GATEWAY_GROUP = 'gateway'
export const BUDGET_HEADER = 'X-Budget-Ms'

/** The journal: one subject a shard. */
export const EVENTS = 'EVENTS'
export const eventsSubject = (shard: ShardId | '*') => `ev.${shard}`
/** Ingest for an owner that is away or slow: a work queue, one subject a shard. */
export const INBOX = 'INBOX'
export const inboxSubject = (shard: ShardId | '*') => `in.${shard}`
/** Where messages of it wait that only an operator can help; no shard is called so. */
export const ASIDE = 'in.aside'
/** Why, for which shard, and as which message of the stream it came before. */
export const ASIDE_HEADERS = {
  reason: 'Leadbid-Reason',
  shard: 'Leadbid-Shard',
  seq: 'Leadbid-Sequence',
} as const

/** Live hosts and the shards they hold; a host that stops beating disappears. */
export const HOSTS_BUCKET = 'hosts'
/** The keys that seal what identifies a person. Erasing one erases that person everywhere. */
export const KEYS_BUCKET = 'keys'
/** What the office publishes for gateways and hosts: catalogue, agents, offers (office-book.ts). */
export const OFFICE_BUCKET = 'office'
/** The office lives in the shard this name hashes to, as a campaign does by its id. */
export const OFFICE = 'office'
export const JOBS_BUCKET = 'jobs'
/** Who is at work, by contractor: forgotten after a minute (runtime/presence.ts). */
export const PRESENCE_BUCKET = 'presence'
/** What pacing knows of each campaign; and the claim of the worker that dials. */
export const DIALLING_BUCKET = 'dialling'
/** What was learnt of each customer, by its id; and the claim of the worker that learns. */
export const MODELS_BUCKET = 'models'
export const SNAPSHOTS_STORE = 'snap'
/** How far each shard's log is known to have come, beside the log (shard/marks.ts). */
export const MARKS_BUCKET = 'marks'
/** Import files waiting for a worker, and the rows they had to reject. */
export const IMPORTS_STORE = 'imports'

/** A shard's owner answers commands here, whoever it is. */
export const commandSubject = (shard: ShardId) => `cmd.${shard}`
/** A command this host alone may act on: what must not be done twice by two that think they own it. */
export const ownerSubject = (host: HostId) => `host.${host}.cmd`
/** One call for bids a host, for all its campaigns and all requests of a tick. */
export const bidSubject = (host: HostId) => `host.${host}.bid`
/** A whole auction, where one host owns every campaign asked. */
export const auctionSubject = (host: HostId) => `host.${host}.auction`
export const pingSubject = (host: HostId) => `host.${host}.ping`
export const releaseSubject = (host: HostId) => `host.${host}.release`
/** "This host did not answer": peers ping it and act at once instead of waiting for its TTL. */
export const SUSPECT = 'suspect'
/** What became of contacts, from their owners to all hosts: advice for bids, never a verdict. */
export const CONTACTS = 'contacts'
/** A host asks all owners to say again what they know: of contacts it names, or of all. */
export const CONTACTS_WANTED = 'contacts.wanted'
/** What became of suppressions, from the shard of the key to all hosts: see suppression-board.ts. */
export const SUPPRESSIONS = 'suppressions'
