// Jurisdictions: what a law or a regulator lets a campaign do, as documents with a version: the hours
// in which a person may be called, how often, and how long the evidence of it is kept.
//
//   J1. A document only narrows: hours are intersected, caps take the stricter of the two.
//   J2. It is applied once, when settings are put, before they are journalled. So a campaign keeps
//       the rules it was put with until it is put again, and replay needs no document.
//   J3. Applying it again changes nothing.
//
// These are examples, made from the sources each names. They are not legal advice, and no document
// holds all that its sources demand: whoever calls is answerable for what the law is on the day.

import { InputError } from '../protocol/errors.ts'
import type { Hours, JurisdictionId, Settings } from '../protocol/settings.ts'

const DAILY = [1, 2, 3, 4, 5, 6, 7]
const YEAR_DAYS = 366
const DAY_MS = 86_400_000

/** Limits on attempts, by the names a campaign's settings have for them. */
type Limits = Settings['attempts']

export interface Jurisdiction {
  id: JurisdictionId
  /** Counts up with every change of the document. */
  version: number
  title: string
  /** When a person may be called, by the clock of wherever the person may be. */
  hours: readonly Hours[]
  attempts: Readonly<Limits>
  /** Evidence of contacts is kept for so many years after the last activity on a lead. */
  retention_years: number
  /** Where each part comes from, and which part is a choice of ours. */
  sources: readonly string[]
}

const IN_RECOVERY: Jurisdiction = {
  id: 'IN-recovery',
  version: 1,
  title: 'India, recovery of loans',
  hours: [{ days: DAILY, from: '08:00', to: '19:00' }],
  attempts: {},
  retention_years: 3,
  sources: [
    'hours: Reserve Bank of India, circular of 12 August 2022 on recovery agents: no calls before 08:00 and after 19:00',
    'attempts: the circular forbids persistent calling and names no number; set the campaign its own',
    'retention: no period is laid down; as long as US-RegF, a choice of ours',
  ],
}

const IN_SALES: Jurisdiction = {
  id: 'IN-sales',
  version: 1,
  title: 'India, sales',
  hours: [{ days: DAILY, from: '10:00', to: '21:00' }],
  attempts: {},
  retention_years: 3,
  sources: [
    'hours: common practice under the TRAI regulations on commercial communications (TCCCPR 2010: none from 21:00 to 09:00; TCCCPR 2018: the time band a person prefers)',
    'retention: no period is laid down; as long as US-RegF, a choice of ours',
  ],
}

const US_REG_F: Jurisdiction = {
  id: 'US-RegF',
  version: 1,
  title: 'United States, debt collection',
  hours: [{ days: DAILY, from: '08:00', to: '21:00' }],
  attempts: { max_per_7d: 7, conversation: true },
  retention_years: 3,
  sources: [
    'hours: Regulation F, 12 CFR 1006.6(b)(1): inconvenient before 08:00 and after 21:00, local time at the consumer’s location',
    'attempts: 12 CFR 1006.14(b)(2): more than seven calls within seven consecutive days, or a call within seven days after a conversation, its date being the first day. The rule counts by debt, the engine by contact: never more',
    'retention: 12 CFR 1006.100(a): until three years after the last collection activity on the debt',
  ],
}

const US_TCPA: Jurisdiction = {
  id: 'US-TCPA',
  version: 1,
  title: 'United States, sales by telephone',
  hours: [{ days: DAILY, from: '08:00', to: '21:00' }],
  attempts: {},
  retention_years: 5,
  sources: [
    'hours: 47 CFR 64.1200(c)(1): no solicitation before 08:00 and after 21:00, local time at the called party’s location',
    'retention: Telemarketing Sales Rule, 16 CFR 310.5, as amended in 2024: call records for five years',
  ],
}

/** The newest version of every document. */
export const PROFILES: { readonly [Id in JurisdictionId]: Jurisdiction } = {
  'IN-recovery': IN_RECOVERY,
  'IN-sales': IN_SALES,
  'US-RegF': US_REG_F,
  'US-TCPA': US_TCPA,
}

/**
 * Settings held to their jurisdiction's newest document (J1 to J3), and told its version; those
 * without one stay as they are. Throws InputError at `/hours` where no calling hours are left.
 */
export function underJurisdiction(settings: Settings): Settings {
  if (settings.jurisdiction === undefined) return settings
  const profile = PROFILES[settings.jurisdiction.id]
  const hours = commonHours(settings.hours, profile.hours)
  if (hours.length === 0) {
    const allowed = profile.hours.map(({ from, to }) => `${from}-${to}`).join(', ')
    const message = `/hours: none of them lie in ${allowed}, the hours of ${profile.id}: move them there, or leave out "jurisdiction"`
    throw new InputError('INVALID', message, '/hours')
  }
  return {
    ...settings,
    hours,
    attempts: stricter(settings.attempts, profile.attempts),
    jurisdiction: { id: profile.id, version: profile.version },
  }
}

/** Hours that lie in one of either list, in the order of the first. */
function commonHours(own: readonly Hours[], allowed: readonly Hours[]): Hours[] {
  return own.flatMap((span) =>
    allowed.flatMap((window) => {
      const days = span.days.filter((day) => window.days.includes(day))
      // Two digits a part: local times compare as texts do, 24:00 last.
      const from = span.from > window.from ? span.from : window.from
      const to = span.to < window.to ? span.to : window.to
      return days.length > 0 && from < to ? [{ days, from, to }] : []
    }),
  )
}

/** Of each limit the one that allows less. */
function stricter(own: Limits, legal: Readonly<Limits>): Limits {
  const max_per_day = least(own.max_per_day, legal.max_per_day)
  const max_per_7d = least(own.max_per_7d, legal.max_per_7d)
  const cooldown_h = most(own.cooldown_h, legal.cooldown_h)
  const conversation = legal.conversation === true ? true : own.conversation
  return {
    ...(max_per_day === undefined ? {} : { max_per_day }),
    ...(max_per_7d === undefined ? {} : { max_per_7d }),
    ...(cooldown_h === undefined ? {} : { cooldown_h }),
    ...(conversation === undefined ? {} : { conversation }),
  }
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

function most(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}

/** The document of these that wants evidence kept longest; null of none. */
export function longestRetention(ids: readonly JurisdictionId[]): Jurisdiction | null {
  let longest: Jurisdiction | null = null
  for (const id of ids) {
    const profile = PROFILES[id]
    if (longest === null || profile.retention_years > longest.retention_years) longest = profile
  }
  return longest
}

/** How long evidence is kept, milliseconds; a year is taken for its longest. */
export function retentionMs({ retention_years }: Jurisdiction): number {
  return retention_years * YEAR_DAYS * DAY_MS
}
