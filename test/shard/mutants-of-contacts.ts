// Mutants of contacts: logs in which somebody is called once too often, or without being asked.

import { type ContactId, contactOf, shardOfContact } from '../../actors/protocol/contact.ts'
import type { ContactAttempted, Event } from '../../actors/protocol/events.ts'
import type { AwardId, LeadId } from '../../actors/protocol/ids.ts'
import type { Settings } from '../../actors/protocol/settings.ts'
import {
  about,
  accepted,
  CAMPAIGN,
  HOUR,
  LATER,
  type Mutant,
  type PlantedLog,
  SHARDS,
  settingsOf,
} from './planted-log.ts'

/** A contact that lives in the log's own shard; its phone's hash is the same number. */
export function contactIn(planted: PlantedLog, not = 0): ContactId {
  for (let hash = 4711; ; hash++) {
    const contact = contactOf(hash, 0) as ContactId // Its phone's hash is not 0.
    if (hash !== not && shardOfContact(contact, SHARDS) === planted.shard) return contact
  }
}

/** The contact's word on an attempt, allowed. */
export function attempted(
  contact: ContactId,
  attempt: string,
  at: number,
  more: Partial<ContactAttempted> = {},
): Event {
  return {
    type: 'contact.attempted',
    contact,
    campaign_id: CAMPAIGN,
    customer_id: settingsOf().customer_id,
    lead_id: 101 as LeadId,
    attempt_id: attempt,
    at,
    attempted_at: at,
    rules: {},
    zone: 'UTC',
    ...more,
  }
}

/** What the contact says of a call that was made before, without an award. */
function toldOf(contact: ContactId, attempt: string, at: number, told: number): Event {
  const { rules: _, zone: __, ...event } = attempted(contact, attempt, told) as ContactAttempted
  return { ...event, attempted_at: at }
}

export function confirmed(
  award: { award_id: AwardId },
  lead: number,
  at: number,
  contact?: ContactId | 0,
): Event {
  const asked = contact === undefined ? {} : { contact }
  return { type: 'lead.confirmed', ...about(award, lead, at), lease_until: at + 90_000, ...asked }
}

/** A campaign with these caps, a lead of one phone, and an award of it. */
async function begin(planted: PlantedLog, settings: Partial<Settings>) {
  const contact = contactIn(planted)
  await planted.begin(settings)
  await planted.append([accepted(101, { phone_hash: contact })])
  const award = planted.award(101, LATER)
  await planted.append([award])
  return { contact, award, ...award }
}

const CONFIRM = LATER + 1000

export const CONTACT_MUTANTS: readonly Mutant[] = [
  [
    'a call beyond the cap of a day',
    'I14',
    async (planted) => {
      const attempts = { max_per_day: 2 }
      const { contact, award } = await begin(planted, { attempts })
      await planted.append([
        toldOf(contact, 'd-1', LATER - HOUR, LATER),
        toldOf(contact, 'd-2', LATER, LATER),
      ])
      const rules = { max_per_day: 2 }
      return planted.append([attempted(contact, award.award_id, CONFIRM, { rules })])
    },
  ],
  [
    'an eighth call in seven days',
    'I14',
    async (planted) => {
      const { contact, award } = await begin(planted, { attempts: { max_per_7d: 7 } })
      const week = Array.from({ length: 7 }, (_, i) =>
        toldOf(contact, `d-${i}`, CONFIRM - 168 * HOUR + 1 + i * 20 * HOUR, LATER),
      )
      await planted.append(week)
      const rules = { max_per_7d: 7 }
      return planted.append([attempted(contact, award.award_id, CONFIRM, { rules })])
    },
  ],
  [
    'a call inside a cool-down',
    'I14',
    async (planted) => {
      const { contact, award } = await begin(planted, { attempts: { cooldown_h: 2 } })
      await planted.append([toldOf(contact, 'd-1', CONFIRM - 2 * HOUR + 1, LATER)])
      const rules = { cooldown_h: 2 }
      return planted.append([attempted(contact, award.award_id, CONFIRM, { rules })])
    },
  ],
  [
    'a call on the seventh day after a conversation',
    'I14',
    async (planted) => {
      const settings = { kind: 'collections', attempts: { max_per_7d: 7 } } as const
      const { contact, award } = await begin(planted, settings)
      const conversed = toldOf(contact, 'd-1', CONFIRM - 6 * 24 * HOUR, LATER)
      await planted.append([{ ...conversed, type: 'contact.conversed' } as Event])
      const rules = { max_per_7d: 7, conversation: true } as const
      return planted.append([attempted(contact, award.award_id, CONFIRM, { rules })])
    },
  ],
  [
    'a call that is confirmed without its contact',
    'I14',
    async (planted) => {
      const { contact, award } = await begin(planted, {})
      return planted.append([confirmed(award, 101, CONFIRM, contact)])
    },
  ],
  [
    'a call that another contact allowed',
    'I14',
    async (planted) => {
      const { contact, award } = await begin(planted, {})
      const other = contactIn(planted, contact)
      return planted.append([
        attempted(other, award.award_id, CONFIRM),
        confirmed(award, 101, CONFIRM, other),
      ])
    },
  ],
  [
    'a call judged by rules its campaign does not have',
    'I14',
    async (planted) => {
      const { contact, award } = await begin(planted, { attempts: { max_per_day: 1 } })
      const rules = { max_per_day: 9 }
      return planted.append([
        attempted(contact, award.award_id, CONFIRM, { rules }),
        confirmed(award, 101, CONFIRM, contact),
      ])
    },
  ],
  [
    'an attempt that is counted twice',
    'I14',
    async (planted) => {
      const { contact, award } = await begin(planted, {})
      await planted.append([attempted(contact, award.award_id, CONFIRM)])
      return planted.append([attempted(contact, award.award_id, CONFIRM + 1)])
    },
  ],
  [
    'a contact that is kept in another shard than its own',
    'I9',
    async (planted) => {
      const { award } = await begin(planted, {})
      let stray = 1
      while (shardOfContact(stray as ContactId, SHARDS) === planted.shard) stray++
      return planted.append([attempted(stray as ContactId, award.award_id, CONFIRM)])
    },
  ],
  [
    'a contact whose time runs back',
    'I8',
    async (planted) => {
      const { contact, award } = await begin(planted, {})
      await planted.append([attempted(contact, award.award_id, CONFIRM)])
      return planted.append([attempted(contact, 'd-2', CONFIRM - 5000)])
    },
  ],
  [
    'a lead without a phone called beyond its campaign’s cap',
    'I14',
    async (planted) => {
      await planted.begin({ attempts: { max_per_7d: 1 } }, [101])
      const first = planted.award(101, LATER)
      await planted.append([first, confirmed(first, 101, CONFIRM, 0)])
      const due = CONFIRM + 90_000 + HOUR
      const lapsed = { ...about(first, 101, CONFIRM + 90_000), confirmed: true, due_at: due }
      await planted.append([{ type: 'lead.lapsed', ...lapsed }])
      const second = planted.award(101, due, { attempt: 2 })
      return planted.append([second, confirmed(second, 101, due, 0)])
    },
  ],
]
