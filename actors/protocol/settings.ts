// Campaign settings: section 5 of the contract, with every default.

import { z } from 'zod'
import type { CampaignId, CustomerId } from './ids.ts'
import { byName, id, integer, number, text, zone } from './schema.ts'

export const PLANS = ['Starter', 'Pro', 'Enterprise'] as const
export type Plan = (typeof PLANS)[number]

/** Whose rules on calling hours and attempts a campaign may be held to: see policy/jurisdictions. */
export const JURISDICTIONS = ['IN-recovery', 'IN-sales', 'US-RegF', 'US-TCPA'] as const
export type JurisdictionId = (typeof JURISDICTIONS)[number]

const JURISDICTION = `must be one of ${JURISDICTIONS.join(', ')}`
const jurisdictionId = z.enum(JURISDICTIONS, JURISDICTION)
/** An id, or one with its version as a campaign shows it; the version is what it was held to. */
const jurisdiction = z.union(
  [
    jurisdictionId.transform((id): { id: JurisdictionId; version?: number } => ({ id })),
    z.strictObject({ id: jurisdictionId, version: integer(1, 1_000_000).optional() }),
  ],
  JURISDICTION,
)

const clock = z
  .string('must be a local time HH:MM')
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a local time HH:MM, 00:00 to 24:00')

/** Calling hours on some weekdays, local time; `from` before `to`. */
const hours = z
  .strictObject({
    days: z
      .array(
        z.int('must be 1 (Monday) to 7').min(1).max(7),
        'must be a list of 1 to 7 days, 1 (Monday) to 7',
      )
      .min(1)
      .max(7),
    from: clock,
    to: clock,
  })
  .refine((span) => span.from < span.to, {
    message: 'must be after "from": split hours that pass midnight into two entries',
    path: ['to'],
  })

/** Added to the log-odds of conversion; beyond 8 either way nothing could outweigh it. */
const weight = number(-8, 8)
const weights = byName(200, weight)
const attributeWeight = z.union(
  [weight, weights],
  'must be a number from -8 to 8, or a map of texts to such numbers',
)

export const settingsSchema = z.strictObject({
  campaign_id: id,
  customer_id: id,
  name: text(200).optional(),
  kind: z.enum(['sales', 'collections']).default('sales'),
  mode: z
    .enum(['pooled', 'allocated', 'inbound', 'outbound'])
    .default('pooled')
    // The names the calling floor uses: an uploaded list that is dialled is "inbound" there.
    .transform((mode) =>
      mode === 'inbound' ? 'pooled' : mode === 'outbound' ? 'allocated' : mode,
    ),
  pricing_plan: z.enum(PLANS).default('Starter'),
  timezone: zone.optional(),
  hours: z
    .array(hours, 'must be a list of {days, from, to}')
    .min(1, 'must hold calling hours; use "paused" to stop a campaign')
    .max(50, 'must hold at most 50 entries')
    .default([{ days: [1, 2, 3, 4, 5, 6, 7], from: '09:00', to: '19:00' }]),
  policy: z.enum(['index', 'fifo']).default('index'),
  weights: z
    .strictObject({
      city: weights.default({}),
      source: weights.default({}),
      stage: weights.default({}),
      /** A number weighs a numeric attribute; a map weighs an attribute's texts. */
      attributes: byName(200, attributeWeight).default({}),
    })
    .default({ city: {}, source: {}, stage: {}, attributes: {} }),
  /** Share of the campaign's awards that goes to stale leads even while live ones wait. */
  stale_share: number(0, 1).default(0),
  /** Share of the requests that ask the campaign it is served at least, while it has leads. */
  min_share: number(0, 1).default(0),
  index: z
    .strictObject({
      /** A plan's weight (1, 2, 4) counts to this power; 0: it only breaks ties. */
      plan_gamma: number(0, 4).default(0.5),
      /** The most a missed first call may cost, in conversions of an average Starter lead, by plan. */
      sla_price_cap: number(0, 100).default(1.5),
      /** Share of awards drawn among the best few, to learn what the best alone would not show. */
      explore: number(0, 0.2).default(0.02),
      /** Collections: the chance that an account pays without a call; a call is worth what it adds. */
      self_cure: number(0, 1).default(0),
    })
    .default({ plan_gamma: 0.5, sla_price_cap: 1.5, explore: 0.02, self_cure: 0 }),
  sla: z
    .strictObject({
      minutes: number(1, 10_080).default(30),
      target: number(0, 1).default(0.9),
    })
    .default({ minutes: 30, target: 0.9 }),
  reschedule: z
    .strictObject({
      after_min_h: number(0, 720).default(22),
      after_max_h: number(0, 720).default(24),
      max: integer(0, 10).default(3),
      /** When a live lead that is not reached turns stale: after `max` more calls, or at once. */
      stale_on: z.enum(['exhausted', 'first_miss']).default('exhausted'),
    })
    .refine((span) => span.after_min_h <= span.after_max_h, {
      message: 'must be "after_min_h" or more',
      path: ['after_max_h'],
    })
    .default({ after_min_h: 22, after_max_h: 24, max: 3, stale_on: 'exhausted' }),
  lease: z.strictObject({ ttl_s: number(1, 7200).default(90) }).default({ ttl_s: 90 }),
  attempts: z
    .strictObject({
      max_per_day: integer(1, 100).optional(),
      max_per_7d: integer(1, 700).optional(),
      cooldown_h: number(0, 720).optional(),
      /** Silence for seven days after a conversation; of collections with `max_per_7d` always. */
      conversation: z.boolean('must be true or false').optional(),
    })
    .default({}),
  paused: z.boolean('must be true or false').default(false),
  /** The rules that narrowed `hours` and `attempts`; absent: none but the campaign's own. */
  jurisdiction: jurisdiction.optional(),
  /** The allocation cycle its accounts are of, such as "2026-01"; a new one begins the best anew. */
  cycle: text(40).optional(),
  /** Whether lines are rung for agents who are free, in pooled mode (policy/pacing.ts). */
  dialling: z.strictObject({ enabled: z.boolean('must be true or false') }).optional(),
})

export type Hours = z.output<typeof hours>
export type Settings = Omit<
  z.output<typeof settingsSchema>,
  'campaign_id' | 'customer_id' | 'timezone'
> & {
  campaign_id: CampaignId
  customer_id: CustomerId
  timezone: string
}

/** How often a live lead that is not reached is rescheduled before it turns stale. */
export function reschedulesMax({ reschedule }: Settings): number {
  return reschedule.stale_on === 'first_miss' ? 0 : reschedule.max
}

/** The settings a campaign has that nobody ever put. */
export function defaultSettings(
  campaign: CampaignId,
  customer: CustomerId,
  timezone: string,
): Settings {
  return withZone(settingsSchema.parse({ campaign_id: campaign, customer_id: customer }), timezone)
}

/** Settings as any version journalled them: what it did not know is as if nobody had set it. */
export function completed(stored: Settings): Settings {
  const defaults = defaultSettings(stored.campaign_id, stored.customer_id, stored.timezone)
  return {
    ...defaults,
    ...stored,
    index: { ...defaults.index, ...stored.index },
    reschedule: { ...defaults.reschedule, ...stored.reschedule },
  }
}

/** Parsed settings with the process's zone where none was given. */
export function withZone(parsed: z.output<typeof settingsSchema>, timezone: string): Settings {
  return {
    ...parsed,
    campaign_id: parsed.campaign_id as CampaignId,
    customer_id: parsed.customer_id as CustomerId,
    timezone: parsed.timezone ?? timezone,
  }
}
