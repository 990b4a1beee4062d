// Urgency: which commands are refused last, and which first, when an owner cannot take all.

import type { Command } from './commands.ts'

/**
 * `end`: tells what was done already, or what must be heard whatever else goes on; `look`: can
 * wait; `other`: what lies between, awards above all.
 */
export type Urgency = 'end' | 'other' | 'look'

export const URGENCY: { readonly [type in Command['type']]: Urgency } = {
  award: 'other',
  confirm: 'end',
  extend: 'end',
  skip: 'end',
  disposition: 'end',
  attempt: 'end',
  reach: 'end',
  release: 'end',
  payment: 'end',
  suppress: 'end',
  'suppress.lead': 'end',
  'suppress.check': 'other',
  'suppress.check_lead': 'other',
  suppressions: 'end',
  'suppressions.heard': 'end',
  office: 'other',
  requeue: 'other',
  'campaign.put': 'other',
  allocate: 'other',
  ingest: 'look',
  show: 'look',
  'campaign.show': 'look',
  'campaign.list': 'look',
  board: 'look',
  buckets: 'look',
  bucket: 'look',
  unmapped: 'look',
  tallies: 'look',
}
