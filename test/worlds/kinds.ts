// Kinds: worlds that differ from the standard one in one thing each, to see what a policy that
// expects the standard does there.

import { at, Chance } from './chance.ts'
import { midnight } from './load.ts'
import { type Setting, type Spec, STANDARD, settingOf, worldOf } from './standard.ts'
import { DAY, type Truth, type World, type WorldLead } from './world.ts'

interface Kind {
  /** What is different, for `--help`. */
  about: string
  spec?: Partial<Spec>
  /** Changes the setting before leads are drawn. */
  setting?: (setting: Setting) => void
  /** Changes the world once it is drawn. */
  world?: (world: World, setting: Setting) => void
}

export const KINDS: Readonly<Record<string, Kind>> = {
  standard: { about: '6 customers, 12 campaigns, 24 contractors, 5 days' },
  flat: {
    about: 'the chance hardly falls with age (exp, tau 120 min, floor .5)',
    spec: { decay: { kind: 'exp', tau_min: 120, floor: 0.5 } },
  },
  steep: {
    about: 'the chance falls within minutes (exp, tau 3 min, floor .05)',
    spec: { decay: { kind: 'exp', tau_min: 3, floor: 0.05 } },
  },
  power: {
    about: 'the chance falls by a power law (beta 1, tau 5 min)',
    spec: { decay: { kind: 'power', tau_min: 5, beta: 1 } },
  },
  outside: { about: '8 % of the live leads come while nobody works', spec: { outside: 0.08 } },
  bursts: { about: 'six leads in ten come in bursts', spec: { inBursts: 0.6 } },
  'long-talks': {
    about: 'talks of 8 minutes with a heavy tail (sigma 1.2)',
    spec: { talk: { mean: 480, sigma: 1.2 } },
  },
  generalists: {
    about: 'every contractor is qualified for every campaign',
    spec: { skills: [12, 12] },
  },
  specialists: {
    about: 'one campaign a contractor, as many contractors a campaign as its share asks',
    setting: specialise,
  },
  'few-skilled': {
    about: 'one customer is served by two contractors only, who have other campaigns too',
    setting: fewSkilled,
  },
  'many-customers': { about: '20 customers of 2 campaigns', spec: { customers: 20 } },
  tiny: { about: 'a campaign of five leads beside the others', setting: addTiny, world: leaveFive },
  zero: { about: 'one customer never converts anybody (bias −20)', setting: noConversions },
  same: {
    about: 'features say nothing (all coefficients 0)',
    setting: ({ truth }) => flatten(truth),
  },
  flip: { about: 'one customer wants the opposite from Wednesday noon on', world: flip },
  hours: { about: 'two campaigns call from 13:00 only, two on Indian time', world: callingHours },
}

/** Makes the world of a kind. Throws RangeError for a kind there is not. */
export function makeWorld(
  kind: string,
  wanted: Partial<Spec> & Pick<Spec, 'seed' | 'load'>,
): World {
  const chosen = KINDS[kind]
  if (chosen === undefined) {
    throw new RangeError(`no kind ${kind}: it must be one of ${Object.keys(KINDS).join(', ')}`)
  }
  const setting = settingOf({ ...STANDARD, ...chosen.spec, ...wanted })
  chosen.setting?.(setting)
  const world = worldOf(setting)
  chosen.world?.(world, setting)
  return world
}

function specialise({ spec, campaigns, skills }: Setting): void {
  const total = campaigns.reduce((sum, { share }) => sum + share, 0)
  const given = new Map(campaigns.map(({ id }) => [id, 0]))
  for (const contractor of skills.keys()) {
    // Who lacks most of what its share asks for comes next (largest remainder).
    const lacks = campaigns.map(({ id, share }) => ({
      id,
      lack: (share / total) * spec.contractors - (given.get(id) ?? 0),
      none: given.get(id) === 0,
    }))
    lacks.sort((a, b) => Number(b.none) - Number(a.none) || b.lack - a.lack)
    const { id } = at(lacks, 0)
    given.set(id, (given.get(id) ?? 0) + 1)
    skills.set(contractor, [id])
  }
}

/** The fourth customer's leads are eight tenths of two contractors' part of the work. */
function fewSkilled({ spec, campaigns, skills }: Setting): void {
  const own = campaigns.filter(({ customer }) => customer === at(campaigns, 3).customer)
  const ids = own.map(({ id }) => id)
  const others = campaigns.filter((campaign) => !own.includes(campaign))
  let place = 0
  for (const [contractor, known] of skills) {
    const left = known.filter((id) => !ids.includes(id))
    // Who knew nothing else knows one of the others, in turn.
    if (left.length === 0) left.push(at(others, place % others.length).id)
    skills.set(contractor, place < 2 ? [...left, ...ids] : left)
    place++
  }
  const rest = others.reduce((sum, { share }) => sum + share, 0)
  const part = (0.8 * 2) / spec.contractors
  for (const campaign of own) campaign.share = ((part / (1 - part)) * rest) / own.length
}

const TINY = 99

function addTiny({ campaigns, skills }: Setting): void {
  const { customer, plan } = at(campaigns, 0)
  campaigns.push({ id: TINY, customer, plan, share: 0.1 })
  for (const contractor of [...skills.keys()].slice(0, 3)) skills.get(contractor)?.push(TINY)
}

/** Five live leads of the tiny campaign, spread over the week; no stale ones. */
function leaveFive(world: World): void {
  const own = world.leads.filter(({ campaign, type }) => campaign === TINY && type === 'Live')
  const kept = new Set(
    [0.1, 0.3, 0.5, 0.7, 0.9].map((part) => at(own, Math.floor(part * own.length))),
  )
  world.leads = world.leads.filter((lead) => lead.campaign !== TINY || kept.has(lead))
}

function noConversions({ campaigns, truth }: Setting): void {
  truth.conversion.bias[String(at(campaigns, 2).customer)] = -20
}

function flatten(truth: Truth): void {
  for (const coef of Object.values(truth.conversion.coef)) {
    for (const values of Object.values(coef)) {
      for (const value of Object.keys(values)) values[value] = 0
    }
  }
}

/** The customer's leads carry their outcome, which the truth file cannot say as it changes with time. */
function flip(world: World, { spec, campaigns, truth }: Setting): void {
  const chance = new Chance(spec.seed, 'flip')
  const customer = at(campaigns, 1).customer
  const noon = midnight(world.shifts[0]?.from ?? 0) + 2.5 * DAY
  const bias = truth.conversion.bias[customer] ?? 0
  for (const lead of world.leads) {
    if (lead.customer !== customer) continue
    const sign = lead.arrivesAt < noon ? 1 : -1
    const logit = bias + sign * preference(truth, lead)
    lead.converts = chance.happens(1 / (1 + Math.exp(-logit)))
  }
}

/** Log-odds that a lead's features add to its customer's bias. */
export function preference(truth: Truth, lead: WorldLead): number {
  const coef = truth.conversion.coef[lead.customer]
  const { city, source, stage } = lead
  return (coef?.city[city] ?? 0) + (coef?.source[source] ?? 0) + (coef?.stage[stage] ?? 0)
}

function callingHours(world: World, { campaigns }: Setting): void {
  const days = [1, 2, 3, 4, 5, 6, 7]
  world.campaigns = campaigns.map(({ id, customer, plan }, index) => {
    const late = index < 2 ? '13:00' : '00:00'
    const indian = index === 2 || index === 3
    return {
      campaign_id: id,
      customer_id: customer,
      pricing_plan: plan,
      // 09:00 to 19:00 in India is 03:30 to 13:30 UTC.
      timezone: indian ? 'Asia/Kolkata' : 'UTC',
      hours: [indian ? { days, from: '09:00', to: '19:00' } : { days, from: late, to: '24:00' }],
    }
  })
}
