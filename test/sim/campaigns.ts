// Campaigns: those of a run, drawn by its seed, and their leads. Who a lead is (its phone, its
// account, what it owes) follows from its ids alone, so that a checker knows it without being told.

/** What a campaign allows of attempts on one person. */
export interface Caps {
  max_per_7d?: number
  max_per_day?: number
  cooldown_h?: number
}

export interface Campaign {
  id: number
  customer: number
  timezone: string
  /** Minutes of the local day; the whole day where both ends are its ends. */
  from: number
  to: number
  ttlS: number
  kind: 'sales' | 'collections'
  /** Its leads go to the contractor they are given to. */
  allocated: boolean
  caps: Caps
  /** When a lead that was not reached is due again, hours. */
  againH: [least: number, most: number]
}

/** Minutes ahead of UTC, in January. */
export const OFFSETS: { readonly [zone: string]: number } = {
  UTC: 0,
  'Asia/Kolkata': 330,
  'Asia/Tokyo': 540,
  'America/New_York': -300,
}

/** Contractors' ids are 1 to this, as far as a run has so many. */
export const CONTRACTORS_MAX = 10
const PHONES = 400
const ACCOUNTS = 60
const KINDS = ['always', 'always', 'open', 'closing', 'elsewhere'] as const
/** No rule at all is what most campaigns have. */
const CAPS: readonly Caps[] = [
  {},
  {},
  {},
  { max_per_7d: 3 },
  { max_per_7d: 3 },
  { max_per_day: 2 },
  { cooldown_h: 0.002 },
]

export interface Drawing {
  random: () => number
  /** Also campaigns that collect, and such whose leads are given to contractors. */
  collections: boolean
  /** A run of days: hours and cadence as they are in life. */
  long: boolean
}

export function drawCampaigns({ random, collections, long }: Drawing): Campaign[] {
  const below = (n: number) => Math.floor(random() * n)
  const count = 3 + below(4)
  const zones = Object.keys(OFFSETS)
  return Array.from({ length: count }, (_, i): Campaign => {
    const timezone = zones[below(zones.length)] as string // Of four, one.
    // Some are always open, some close within the run, some would be open in UTC and are not.
    const kind = i === 0 ? 'always' : (KINDS[below(KINDS.length)] as (typeof KINDS)[number])
    const [from, to] = long ? longHours(kind) : hoursOf(kind, timezone)
    const collects = collections && random() < 0.5
    return {
      id: 10 + i,
      customer: 1 + (i % 2),
      timezone,
      from,
      to,
      ttlS: long ? 60 + below(600) : 2 + below(20),
      kind: collects ? 'collections' : 'sales',
      allocated: collects && random() < 0.5,
      caps: CAPS[below(CAPS.length)] as Caps, // Of seven, one.
      againH: long ? [22, 24] : [0.001, 0.002],
    }
  })
}

function hoursOf(kind: (typeof KINDS)[number], timezone: string): [from: number, to: number] {
  const now = (6 * 60 + (OFFSETS[timezone] ?? 0) + 1440) % 1440
  switch (kind) {
    case 'always':
      return [0, 1440]
    case 'open':
      return [Math.max(0, now - 60), Math.min(1440, now + 300)]
    case 'closing':
      return [Math.max(0, now - 60), now + 1]
    case 'elsewhere':
      return [5 * 60, 9 * 60]
  }
}

function longHours(kind: (typeof KINDS)[number]): [from: number, to: number] {
  if (kind === 'always') return [0, 1440]
  return kind === 'elsewhere' ? [13 * 60, 21 * 60] : [9 * 60, 19 * 60]
}

/** Campaign settings as the contract has them. */
export function settingsOf({ id, customer, timezone, from, to, ttlS, ...rest }: Campaign) {
  const { kind, allocated, caps, againH } = rest
  return {
    campaign_id: id,
    customer_id: customer,
    kind,
    mode: allocated ? 'allocated' : 'pooled',
    timezone,
    hours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: clock(from), to: clock(to) }],
    lease: { ttl_s: ttlS },
    reschedule: { after_min_h: againH[0], after_max_h: againH[1], max: 3 },
    ...(Object.keys(caps).length === 0 ? {} : { attempts: caps }),
  }
}

function clock(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** The zone that says when a lead may be called: its Indian phone's, else its campaign's. */
export function zoneOf({ timezone }: Pick<Campaign, 'timezone'>, lead: number): string {
  return hasPhone(lead) ? 'Asia/Kolkata' : timezone
}

export function hasPhone(lead: number): boolean {
  return lead % 3 !== 0
}

/** The phone of a lead: many leads share one. */
export function phoneOf(campaign: number, lead: number): string {
  return phone((campaign * 7919 + lead * 104_729) % PHONES)
}

/** A phone of any lead. */
export function phone(number: number): string {
  return `+9198${String(10_000_000 + (number % PHONES) * 1237)}`
}

/** The loan account of a lead, which others of its customer may share; null where it has none. */
export function accountOf({ id, kind, customer }: Campaign, lead: number): string | null {
  if (kind !== 'collections' || lead % 4 === 1) return null
  return `LN-${customer}-${(id * 31 + lead * 17) % ACCOUNTS}`
}

/** What a lead owes at first; null where nobody says. */
export function owedBy({ kind }: Campaign, lead: number): number | null {
  return kind === 'collections' && lead % 7 !== 0 ? 500 + (lead % 40) * 250 : null
}

/** Whoever draws a lead by chance. */
export interface Drawer {
  chance(of: number): boolean
  below(n: number): number
  /** The time of day, ms. */
  readonly wall: number
}

/** A lead as a sales team's or a bank's file has it. */
export function leadOf(campaign: Campaign, id: number, by: Drawer): { [field: string]: unknown } {
  const account_no = accountOf(campaign, id)
  // A file that is sent again tells the amount of then, or leaves it to what was paid since.
  const amount_due = by.chance(0.8) ? owedBy(campaign, id) : null
  return {
    id,
    campaign_id: campaign.id,
    customer_id: campaign.customer,
    lead_type: by.chance(0.8) ? 'Live' : 'Stale',
    city: ['Delhi', 'Pune', 'Mumbai'][by.below(3)],
    created_at: timeAt(by.wall - by.below(3_600_000)),
    ...(hasPhone(id) ? { phone: phoneOf(campaign.id, id) } : {}),
    ...(account_no === null ? {} : { account_no }),
    ...(amount_due === null ? {} : { amount_due }),
    ...(campaign.allocated && by.chance(0.7) ? given(id, by) : {}),
  }
}

/** To whom a lead is given, and until when. */
function given(lead: number, by: Drawer) {
  const deadline = timeAt(by.wall + 2000 + by.below(30_000))
  return { contractor_id: 1 + (lead % 4), ...(by.chance(0.6) ? { deadline } : {}) }
}

export function timeAt(ms: number): string {
  return new Date(ms).toISOString()
}
