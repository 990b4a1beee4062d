// Standard: the world the policy is measured in, made from a seed and a load; the kinds in
// kinds.ts change what they are about and leave the rest as it is.
//
//   W1. The same specification gives the same world, to the byte.
//   W2. Every campaign has at least one contractor.
//   W3. The number of live leads follows from the load: expected work over the contractors' time.

import { PLANS, type Plan } from '../../actors/protocol/settings.ts'
import { Arrivals } from './arrivals.ts'
import { at, Chance, runningTotals } from './chance.ts'
import { capacitySeconds, Workload } from './load.ts'
import {
  DAY,
  type Decay,
  HOUR,
  type Shift,
  type Truth,
  type World,
  type WorldLead,
} from './world.ts'

/** Monday, midnight. */
export const MONDAY = Date.parse('2026-01-05T00:00:00Z')

export interface Spec {
  seed: number
  load: number
  customers: number
  campaignsPerCustomer: number
  contractors: number
  /** Campaigns a contractor is qualified for, at least and at most. */
  skills: readonly [least: number, most: number]
  days: number
  stale: number
  /** Share of live leads that come while nobody works. */
  outside: number
  inBursts: number
  burstsPerDay: number
  talk: { mean: number; sigma: number }
  decay: Decay
  /** Standard deviation of what a feature's value adds to the log-odds. */
  spread: number
  bias: { mean: number; deviation: number }
}

export const STANDARD: Omit<Spec, 'seed' | 'load'> = {
  customers: 6,
  campaignsPerCustomer: 2,
  contractors: 24,
  skills: [2, 5],
  days: 5,
  stale: 6000,
  outside: 0.005,
  inBursts: 0.25,
  burstsPerDay: 1.5,
  talk: { mean: 240, sigma: 0.8 },
  decay: { kind: 'exp', tau_min: 12, floor: 0.2 },
  spread: 0.5,
  bias: { mean: -1.6, deviation: 0.4 },
}

/** Feature values, commonest first: the n-th is drawn with weight 1/√n. */
const FEATURES = {
  city: ['Delhi', 'Mumbai', 'Bengaluru', 'Pune', 'Chennai', 'Kolkata', 'Jaipur', 'Indore'],
  source: ['Google', 'Facebook', 'Referral', 'Organic', 'Email', 'Partner'],
  stage: ['New', 'Form filled', 'Brochure read', 'Demo booked', 'Price asked'],
} as const
const COMMON = Object.fromEntries(
  Object.entries(FEATURES).map(([feature, values]) => [
    feature,
    runningTotals(values.map((_, index) => 1 / Math.sqrt(index + 1))),
  ]),
)
const FIRST_CUSTOMER = 51
const FIRST_CONTRACTOR = 101

/** A campaign with its customer, plan and share of the live leads. */
export interface Campaign {
  id: number
  customer: number
  plan: Plan
  share: number
}

export function campaignsOf(spec: Spec): Campaign[] {
  const chance = new Chance(spec.seed, 'campaigns')
  return Array.from({ length: spec.customers * spec.campaignsPerCustomer }, (_, index) => {
    const customer = index % spec.customers
    const plan = at(PLANS, customer % PLANS.length)
    return {
      id: index + 1,
      customer: FIRST_CUSTOMER + customer,
      plan,
      share: chance.uniform(0.5, 1.5),
    }
  })
}

/** Who may call for what: contractor -> campaigns, drawn evenly, and everybody's at least one (W2). */
export function skillsOf(spec: Spec, campaigns: readonly Campaign[]): Map<number, number[]> {
  const chance = new Chance(spec.seed, 'skills')
  const ids = campaigns.map(({ id }) => id)
  const skills = new Map<number, number[]>()
  for (let n = 0; n < spec.contractors; n++) {
    skills.set(FIRST_CONTRACTOR + n, chance.sample(ids, chance.whole(...spec.skills)))
  }
  for (const id of ids) {
    if (![...skills.values()].some((known) => known.includes(id))) {
      skills.get(chance.pick([...skills.keys()]))?.push(id)
    }
  }
  return skills
}

/** Working hours of one contractor, from and to as hours of the day, UTC. */
export type Hours = readonly [from: number, to: number]

/** The same hours every day, everybody from nine to seven unless `hoursOf` says otherwise by place. */
export function shiftsOf(
  spec: Spec,
  skills: ReadonlyMap<number, readonly number[]>,
  hoursOf: (place: number) => Hours = () => [9, 19],
): Shift[] {
  const days = Array.from({ length: spec.days }, (_, day) => MONDAY + day * DAY)
  return days.flatMap((day) =>
    [...skills].map(([contractor, campaigns], place) => {
      const [from, to] = hoursOf(place)
      const sorted = [...campaigns].sort((a, b) => a - b)
      return { contractor, campaigns: sorted, from: day + from * HOUR, to: day + to * HOUR }
    }),
  )
}

export function truthOf(spec: Spec): Truth {
  const chance = new Chance(spec.seed, 'truth')
  const rounded = (value: number): number => Math.round(value * 1000) / 1000
  const drawn = (values: readonly string[]): Record<string, number> =>
    Object.fromEntries(values.map((value) => [value, rounded(chance.normal(0, spec.spread))]))
  const truth: Truth = {
    pickup: { live: [0.45, 0.35, 0.35, 0.35], stale: 0.22 },
    seconds: { ring: 45, wrap: 10, talk: spec.talk },
    conversion: {
      bias: {},
      coef: {},
      retry_factor: [1, 0.35, 0.35, 0.35],
      stale_factor: 0.1,
      stale_half_life_days: 14,
    },
    decay: spec.decay,
  }
  for (let n = 0; n < spec.customers; n++) {
    const customer = String(FIRST_CUSTOMER + n)
    truth.conversion.bias[customer] = rounded(chance.normal(spec.bias.mean, spec.bias.deviation))
    const { city, source, stage } = FEATURES
    truth.conversion.coef[customer] = {
      city: drawn(city),
      source: drawn(source),
      stage: drawn(stage),
    }
  }
  return truth
}

/** The parts of a world before there are leads; a kind changes them. */
export interface Setting {
  spec: Spec
  campaigns: Campaign[]
  skills: Map<number, number[]>
  truth: Truth
}

export function settingOf(spec: Spec): Setting {
  const campaigns = campaignsOf(spec)
  return { spec, campaigns, skills: skillsOf(spec, campaigns), truth: truthOf(spec) }
}

/** Draws the leads and shifts of a setting. */
export function worldOf(setting: Setting): World {
  const shifts = shiftsOf(setting.spec, setting.skills)
  const leads = numbered([...staleLeads(setting), ...liveLeads(setting, shifts)])
  return { leads, shifts, truth: setting.truth }
}

/** In order of arrival, ids from 1. */
export function numbered(leads: readonly WorldLead[]): WorldLead[] {
  const sorted = [...leads].sort((a, b) => a.arrivesAt - b.arrivesAt)
  return sorted.map((lead, index) => ({ ...lead, id: index + 1 }))
}

/** Live leads until their expected work is the load's share of the contractors' time (W3). */
function liveLeads({ spec, campaigns, truth }: Setting, shifts: readonly Shift[]): WorldLead[] {
  const chance = new Chance(spec.seed, 'live')
  const rate = { ...spec, from: MONDAY }
  const arrivals = campaigns.map(
    ({ id }) => new Arrivals(rate, new Chance(spec.seed, `bursts of ${id}`)),
  )
  const shares = runningTotals(campaigns.map(({ share }) => share))
  const workload = new Workload(truth, shifts)
  const leads: WorldLead[] = []
  for (let left = spec.load * capacitySeconds(shifts); left > 0; ) {
    const index = chance.weighted(shares)
    const arrivesAt = Math.round(at(arrivals, index).draw(chance))
    leads.push(liveLead(at(campaigns, index), arrivesAt, chance))
    left -= workload.secondsOf(arrivesAt)
  }
  return leads
}

export function liveLead(campaign: Campaign, arrivesAt: number, chance: Chance): WorldLead {
  const lastActivity = chance.happens(0.1) ? null : Math.round(arrivesAt - chance.exponential(HOUR))
  const drawn = shown(campaign, chance)
  return { ...drawn, type: 'Live', createdAt: arrivesAt, arrivesAt, lastActivity }
}

/** Stale leads, all there before the first shift, last heard of in the sixty days before. */
export function staleLeads({ spec, campaigns }: Setting): WorldLead[] {
  const chance = new Chance(spec.seed, 'stale')
  const shares = runningTotals(campaigns.map(({ share }) => share))
  return Array.from({ length: spec.stale }, () => {
    const lastActivity = Math.round(MONDAY - chance.uniform(0, 60 * DAY))
    return {
      ...shown(at(campaigns, chance.weighted(shares)), chance),
      type: 'Stale',
      createdAt: Math.round(lastActivity - chance.exponential(5 * DAY)),
      arrivesAt: MONDAY,
      lastActivity,
    }
  })
}

function shown(campaign: Campaign, chance: Chance) {
  const drawn = (feature: keyof typeof FEATURES): string =>
    at<string>(FEATURES[feature], chance.weighted(COMMON[feature] ?? []))
  const { id, customer, plan } = campaign
  const values = { city: drawn('city'), source: drawn('source'), stage: drawn('stage') }
  return { id: 0, campaign: id, customer, plan, ...values }
}
