// Table: a run in Markdown, to be pasted as it is.

import type { Figure } from './bench.ts'
import { describe, doubts } from './machine.ts'
import { OURS } from './peers/all.ts'
import type { Profiled } from './profile.ts'
import {
  type ClosedRow,
  closedRow,
  type GrowthOf,
  type GrowthRow,
  middle,
  type OpenRow,
  type Run,
  ratioOf,
  type Turns,
} from './results.ts'
import { scaleTable } from './scale-report.ts'
import { round } from './stats.ts'

export function tableOf(run: Run): string {
  const parts = [
    intro(run),
    figures(run.figures),
    ...unique(run.closed.map(({ asked }) => asked)).map((asked) => closed(run, asked)),
    open(run),
    ...unique(run.growth.map(({ of }) => of)).map((of) => growth(run, of)),
    run.scale === undefined ? '' : scaleTable(run.scale),
    ...(run.profiles ?? []).map(profiled),
    setUps(run),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function intro(run: Run): string {
  const [first = '', ...rest] = describe(run.machine).split('\n')
  const { rounds, seconds, quick } = run.options
  const words = [
    `Measured on ${first}; ${rest.join('; ')}. ${rounds} rounds of ${seconds} s a turn; client and servers on the same machine.`,
    ...(quick === true ? ['A short run: it shows that it works, not how fast.'] : []),
    ...doubts(run.machine).map((doubt) => `Take care: ${doubt}.`),
    ...Object.entries(run.skipped).map(([name, why]) => `Left out: ${name}, ${why}.`),
    ...run.faults.map((fault) => `**Fault: ${fault}.**`),
  ]
  return words.join('\n')
}

function figures(all: readonly Figure[]): string {
  if (all.length === 0) return ''
  return table(
    ['what', 'figure', 'against', 'ratio', 'aim'],
    all.map(({ name, value, unit, baseline, ratio, aim }) => [
      name,
      withUnit(value, unit),
      baseline === undefined ? '' : `${baseline.name} ${withUnit(baseline.value, unit)}`,
      baseline === undefined ? '' : `${ratio.toFixed(2)} ×`,
      aim,
    ]),
  )
}

/** Where the time of an award goes in one process; what is below a twentieth of a µs is left out. */
function profiled({ role, awards, flame }: Profiled): string {
  const each = (us: number) => us / Math.max(1, awards)
  const rows = flame.rooms
    .filter(({ us }) => each(us) >= 0.05)
    .map(({ room, us }) => [
      room,
      each(us).toFixed(1),
      `${((100 * us) / flame.root.us).toFixed(0)} %`,
    ])
  const all = ['all', each(flame.root.us).toFixed(1), '']
  const share = `${(100 * flame.busy).toFixed(0)} %`
  return `Profile of \`${role}\`, at work ${share} of the time:\n\n${table(['where', 'µs an award', 'share'], [...rows, all])}`
}

function withUnit(value: number, unit: string): string {
  return unit.startsWith('/') ? `${round(value)}${unit}` : `${round(value)} ${unit}`
}

function closed(run: Run, asked: number): string {
  const rows = run.closed.filter((row) => row.asked === asked)
  const wide = unique(rows.map(({ inFlight }) => inFlight))
  const names = unique(rows.map(({ contender }) => contender))
  const head = wide.flatMap((inFlight) => [`${inFlight} in flight`, 'p50 / p99, ms', 'ours ÷ its'])
  const body = names.map((name) => [
    labelOf(run, name),
    ...wide.flatMap((inFlight) => {
      const row = closedRow(rows, name, asked, inFlight)
      return row === undefined ? ['–', '–', '–'] : closedCells(rows, row)
    }),
  ])
  return `Claims a second, ${asked} campaigns named; the ratio is ours to its, the median over the rounds:\n\n${table(['', ...head], body)}`
}

function closedCells(rows: readonly ClosedRow[], row: ClosedRow): string[] {
  const ours = closedRow(rows, OURS, row.asked, row.inFlight)
  const ratio =
    ours === undefined || row.contender === OURS ? Number.NaN : ratioOf(ours, row, 'perSecond')
  return [
    `${round(middle(row, 'perSecond'))}/s`,
    times(row),
    Number.isFinite(ratio) ? `${ratio.toFixed(2)} ×` : '',
  ]
}

function open(run: Run): string {
  if (run.open.length === 0) return ''
  const rates = unique(run.open.map(({ rate }) => rate))
  const names = unique(run.open.map(({ contender }) => contender))
  const body = names.map((name) => [
    labelOf(run, name),
    ...rates.map((rate) => {
      const row = run.open.find((it) => it.contender === name && it.rate === rate)
      return row === undefined || !servedAll(row) ? 'not served' : times(row)
    }),
  ])
  return `Requests that come at a fixed rate; p50 / p99 in ms from the instant each was due:\n\n${table(['', ...rates.map((rate) => `${round(rate)}/s`)], body)}`
}

/** Whether a contender kept up with a rate in most of its rounds. */
export function servedAll({ turns }: OpenRow): boolean {
  const kept = turns.filter((turn) => turn?.keptUp === true).length
  return kept * 2 > turns.length
}

const GROWTH_WORDS: Readonly<Record<GrowthOf, string>> = {
  asked: 'campaigns named',
  leads: 'leads waiting',
  hosts: 'hosts',
  campaigns: 'campaigns',
}

/** What grows, in words. */
export function growthWords(of: GrowthOf): string {
  return GROWTH_WORDS[of]
}

function growth(run: Run, of: GrowthOf): string {
  const rows = run.growth.filter((row) => row.of === of)
  const values = unique(rows.map(({ value }) => value))
  const kinds = unique(rows.map(({ contender, inFlight }) => `${contender} ${inFlight}`))
  const body = kinds.map((kind) => {
    const [name = '', inFlight = ''] = kind.split(' ')
    const cell = (value: number) => {
      const row = rows.find(
        (it) => it.contender === name && it.inFlight === Number(inFlight) && it.value === value,
      )
      return row === undefined ? '–' : growthCell(row)
    }
    return [`${labelOf(run, name)}, ${inFlight} in flight`, ...values.map(cell)]
  })
  return `What a claim costs by ${growthWords(of)}: half of them within, and claims a second:\n\n${table(['', ...values.map(round)], body)}`
}

function growthCell(row: GrowthRow): string {
  return `${round(middle(row, 'p50Ms'))} ms, ${round(middle(row, 'perSecond'))}/s`
}

function setUps(run: Run): string {
  return Object.values(run.contenders)
    .map(({ label, does, durable, lacks, settings }) => {
      const told = Object.entries(settings).map(([name, value]) => `${name} ${value}`)
      const without = lacks === null ? '' : ` ${lacks}.`
      return `- **${label}**: ${does}; ${durable}.${without} Set up with ${told.join(', ')}.`
    })
    .join('\n')
}

function times(row: Turns): string {
  return `${round(middle(row, 'p50Ms'))} / ${round(middle(row, 'p99Ms'))}`
}

export function labelOf(run: Run, name: string): string {
  return run.contenders[name]?.label ?? name
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')
}

export function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}
