// Seen: the lead as it was when it was awarded, kept with its lease in codes, and written out for
// learning when the outcome is known. What became known of the lead since must not teach anything.

import { configuredLogit, learntFeatures } from '../policy/propensity.ts'
import type { LeadAwarded } from '../protocol/events.ts'
import { MILLION, type Seen } from '../protocol/model.ts'
import type { Campaign } from './campaign.ts'
import { callsMade, kindOf, waitsSince } from './wait.ts'

/** Codes of the leads' dictionaries, and what the award reckoned with. */
export interface Shown {
  kind: Seen['kind']
  attempts: number
  /** Since it arrived, or a stale lead's last activity; null where none is known. */
  age_ms: number | null
  city: number
  source: number
  stage: number
  activity: string | null
  attributes: number
  offset: number
  chance: number
  explored: number
}

/** A row as it stands at an award, before the award changes it. */
export function shownBy(campaign: Campaign, row: number, award: LeadAwarded): Shown | null {
  return shownAt(campaign, row, award.at, award.chance ?? 0, award.explored ?? 0)
}

/** The same of a lead that was reached without an award. */
export function shownNow(campaign: Campaign, row: number, at: number): Shown | null {
  return shownAt(campaign, row, at, 0, 0)
}

function shownAt(
  campaign: Campaign,
  row: number,
  at: number,
  chance: number,
  explored: number,
): Shown | null {
  const { queue, leads, settings } = campaign
  const kind = kindOf(leads, row)
  if (kind === null) return null
  const { city, source, stage, attributes } = leads.columns
  const since = waitsSince(leads, row, kind)
  const features = queue.featuresOf(row)
  return {
    kind,
    attempts: callsMade(leads, row),
    age_ms: Number.isFinite(since) ? Math.max(0, at - since) : null,
    city: city[row] as number,
    source: source[row] as number,
    stage: stage[row] as number,
    activity: features.activity,
    attributes: attributes[row] as number,
    offset: Math.round(configuredLogit(features, settings.weights) * MILLION),
    chance,
    explored,
  }
}

/** Written out; null where nothing was kept. */
export function seenBy(campaign: Campaign, shown: Shown | null): Seen | null {
  if (shown === null) return null
  const { leads, settings } = campaign
  const { kind, attempts, age_ms, offset, chance, explored } = shown
  const attributes = leads.attributes.text(shown.attributes)
  const features = learntFeatures(
    {
      city: leads.cities.text(shown.city),
      source: leads.sources.text(shown.source),
      stage: leads.stages.text(shown.stage),
      activity: shown.activity,
      attributes: attributes === null ? null : JSON.parse(attributes),
    },
    settings.weights,
  )
  const seen = { kind, attempts, age_ms, features, offset, chance }
  return explored === 0 ? seen : { ...seen, explored }
}
