// Naive owner: whose a lead is, and what must not be read in the log by anybody (I12): a campaign's
// leads are its customer's, and what identifies a person lies there sealed or hashed.

import type { Event, StoredLead } from '../../protocol/events.ts'
import type { Findings } from './findings.ts'

/** Whether a lead, or a change of one, is of its campaign's customer. */
export function checkOwner(
  { customer_id }: Pick<Partial<StoredLead>, 'customer_id'>,
  owner: number,
  named: string,
  findings: Findings,
): void {
  findings.check(
    'I12',
    customer_id === undefined || customer_id === owner,
    () => `${named} is of customer ${customer_id}, its campaign of ${owner}`,
  )
}

/** What identifies a person is bytes that a key opens, never a text. */
export function checkSealed(event: Event, findings: Findings): void {
  const open = sealedFieldsOf(event).filter(([, value]) => !isSealed(value))
  findings.check(
    'I12',
    open.length === 0,
    () => `${event.type} holds ${open.map(([name]) => name).join(', ')} unsealed`,
  )
}

function sealedFieldsOf(event: Event): [name: string, value: unknown][] {
  switch (event.type) {
    case 'lead.accepted':
      return personOf(event.lead)
    case 'lead.updated':
      return personOf(event.changes)
    case 'lead.disposed':
    case 'lead.noted':
      return [['note', event.note]]
    default:
      return []
  }
}

function personOf({ phone, account_no }: Partial<StoredLead>): [string, unknown][] {
  return [
    ['phone', phone],
    ['account_no', account_no],
  ]
}

function isSealed(value: unknown): boolean {
  return value === undefined || value === null || value instanceof Uint8Array
}
