// `leadbid model`: what was learnt from a customer's calls, for people.

import { activityInWords } from '../../actors/policy/activity.ts'
import { Learnt } from '../../actors/policy/learnt.ts'
import { type Calibration, MILLION, type Model, type Weight } from '../../actors/protocol/model.ts'
import type { ModelShown, Reply as Replies } from '../../actors/protocol/replies.ts'
import { idOf, noMore, readArgs } from './args.ts'
import { ask, show } from './ask.ts'
import type { Context } from './command.ts'
import { plural, table, when } from './words.ts'

/** Values shown of a feature; `--json` has all. */
const VALUES_SHOWN = 8
/** Ages at which the decay is told, minutes. */
const AGES_MIN = [1, 5, 10, 30, 60, 240]

export const summary = 'show what was learnt from the outcomes of calls'

export const usage = `
usage: npx leadbid model [--customer N] [--json]

Without a customer: what is known of each, on a line. With one: the chance that a first call that
is picked up converts at once, how it falls with waiting, which values count most, and how well
what was foretold came true. A factor is what a value makes of that chance, all else equal; the
campaign's own weights come on top.

  --customer N   one customer in full

  npx leadbid model
  npx leadbid model --customer 55
  npx leadbid model --customer 55 --json
`

type Models = Extract<Replies, { type: 'models' }>

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { customer: 'string', json: 'boolean' })
  noMore(rest, 0)
  const { json } = flags
  if (flags.customer === undefined) {
    const reply = await ask(context, 'model.list', {})
    return show<typeof reply & Models>(context, reply, { json, print: listInWords })
  }
  const customer_id = idOf(flags.customer, '--customer')
  const reply = await ask(context, 'model.show', { customer_id })
  const print = (shown: ModelShown) => modelInWords(shown, Date.now())
  return show<typeof reply & ModelShown>(context, reply, { json, print })
}

function listInWords({ models }: Models): string[] {
  if (models.length === 0) {
    return ['nothing was learnt yet: a worker must run, and 20 calls of a customer have an outcome']
  }
  const rows = models.map(({ customer_id, version, calls, calibration, published_at }) => [
    String(customer_id),
    String(version),
    String(calls),
    ...(calibration === null
      ? ['-', '-']
      : [calibration.brier.toFixed(4), calibration.ece.toFixed(4)]),
    published_at,
  ])
  return table([['customer', 'version', 'calls', 'brier', 'ece', 'published'], ...rows])
}

/** A customer's model as lines. */
export function modelInWords(shown: ModelShown, now: number): string[] {
  const { customer_id, version, calls, published_at, model, calibration } = shown
  const { pickup, seconds } = model
  return [
    `customer ${customer_id}: version ${version}, learnt from ${plural(calls, 'call')} that reached somebody, published ${when(published_at, now)}`,
    ...table([
      ['converts', `${percent(sigmoid(model.bias))} of picked-up first calls made at once`],
      ['waiting', decayInWords(model)],
      ['later calls', againInWords(model)],
      ['stale leads', staleInWords(model)],
      [
        'picked up',
        `${share(pickup.first)} of first calls, ${share(pickup.again)} of later ones, ${share(pickup.stale)} of stale leads`,
      ],
      [
        'a call takes',
        `${Math.round(seconds.answered_ms / 1000)} s picked up, ${Math.round(seconds.unanswered_ms / 1000)} s not`,
      ],
    ]),
    ...featuresInWords(model),
    ...calibrationInWords(calibration),
  ]
}

function decayInWords(model: Model): string {
  const learnt = new Learnt(model)
  const left = AGES_MIN.map((minutes) => {
    const time = minutes < 60 ? `${minutes} min` : `${minutes / 60} h`
    return `at ${time} ${percent(learnt.left(minutes * 60_000))}`
  })
  return `${left.join(', ')} of that chance is left`
}

function againInWords({ again }: Model): string {
  const [second, third, later] = again.map(share)
  return `${second} of it at the second call, ${third} at the third, ${later} at any later one`
}

function staleInWords({ stale }: Model): string {
  const days = Math.round(stale.half_life_ms / 86_400_000)
  return `${share(stale.factor)} of it, half of that after every ${plural(days, 'day')} without activity`
}

function featuresInWords(model: Model): string[] {
  return Object.entries(model.weights).flatMap(([feature, values]) => {
    const known = Object.entries(values).filter(([, [, calls]]) => calls > 0)
    if (known.length === 0) return []
    // How far it moves the chance, and how often that happens.
    known.sort(([, a], [, b]) => reach(b) - reach(a))
    const rows = known
      .slice(0, VALUES_SHOWN)
      .map(([value, weight]) => [
        feature === 'activity' ? activityInWords(value) : value,
        `${factorOf(model, weight).toFixed(2)} ×`,
        plural(weight[1], 'call'),
      ])
    const more = known.length - rows.length
    return [
      `${feature}:`,
      ...table(rows),
      ...(more > 0 ? [`  and ${plural(more, 'value')} that count less`] : []),
    ]
  })
}

function reach([logit, calls]: Weight): number {
  return Math.abs(logit) * Math.sqrt(calls)
}

/** What a value makes of the chance of a lead that shows nothing else. */
function factorOf({ bias }: Model, [logit]: Weight): number {
  return sigmoid(bias + logit) / sigmoid(bias)
}

function calibrationInWords(calibration: Calibration | null): string[] {
  if (calibration === null) return ['nothing was foretold yet that came true or not']
  const { n, base_rate, brier, log_loss, ece, bins } = calibration
  const rows = bins
    .filter((bin) => bin.n > 0)
    .map(({ from, to, n: calls, predicted, observed }) => [
      `${Math.round(from * 100)}-${Math.round(to * 100)} %`,
      percent(predicted),
      percent(observed),
      plural(calls, 'call'),
    ])
  return [
    `foretold before it was known, ${plural(n, 'call')}: ${percent(base_rate)} converted, Brier ${brier.toFixed(4)} (${(base_rate * (1 - base_rate)).toFixed(4)} if always foretold as their mean), log loss ${log_loss.toFixed(4)}, calibration error ${ece.toFixed(4)}`,
    ...table([['foretold', 'mean', 'came true', 'of'], ...rows]),
  ]
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit / MILLION))
}

function share(millionths: number): string {
  return percent(millionths / MILLION)
}

function percent(value: number): string {
  const shown = value * 100
  return `${shown < 10 ? shown.toFixed(1) : Math.round(shown)} %`
}
