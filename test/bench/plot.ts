// Plot: a run as one SVG file: ratios as bars, latencies and growth as lines.
//
//   PL1. Readable in light and in dark: the file carries both sets of colours, and its own ground.
//   PL2. A contender is told by its colour, its dashes and its mark, and named where its line ends.

import { html, Markup, type Part } from '../../actors/simulation/report/markup.ts'
import { label } from '../../actors/simulation/report/plot.ts'
import { DARK, LIGHT, type Palette } from '../../actors/simulation/report/style.ts'
import { describe } from './machine.ts'
import { CONTENDERS } from './peers/all.ts'
import { barsOf } from './plot-bars.ts'
import { type Line, type Lines, linesOf } from './plot-lines.ts'
import { type Panel, SEVENTH, WIDTH } from './plot-panel.ts'
import { middle, type Run } from './results.ts'
import { growthWords, labelOf, servedAll, unique } from './table.ts'

const HALF = WIDTH / 2
const MARGIN = 24
const HEAD = 96

export function plotOf(run: Run): string {
  const rows = panelRows(run)
  let top = HEAD
  const drawn: Part[] = []
  for (const row of rows) {
    drawn.push(row.draw(top))
    top += row.height + MARGIN
  }
  const height = top + MARGIN
  const words = describe(run.machine).split('\n')
  const picture = html`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="Benchmarks of leadbid beside other ways to do the same work" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">
${style()}<rect class="page" width="${WIDTH}" height="${height}"/>
${label(MARGIN, 34, `leadbid beside others, ${run.at.slice(0, 10)}`, 'start', 'title')}
${words.map((line, i) => label(MARGIN, 54 + 15 * i, line, 'start', 'small'))}
${drawn}</svg>
`
  return picture.text
}

function panelRows(run: Run): Panel[] {
  const asked = unique(run.closed.map((row) => row.asked))
  const bars = asked.map((named) => barsOf(run, named)).filter((panel) => panel !== null)
  const curves = run.open.length === 0 ? [] : [beside(latency(run, 'p50Ms'), latency(run, 'p99Ms'))]
  const growths = unique(run.growth.map(({ of }) => of)).map((of) => {
    const lines = (inFlight: number, measure: 'p50Ms' | 'perSecond') =>
      growthLines(run, of, inFlight, measure)
    return beside(
      { ...lines(1, 'p50Ms'), title: `One claim at a time, by ${growthWords(of)}` },
      { ...lines(256, 'perSecond'), title: `256 in flight, by ${growthWords(of)}` },
    )
  })
  return [...bars, ...curves, ...growths]
}

function beside(left: Lines, right: Lines): Panel {
  const [one, other] = [linesOf(left, 0, HALF), linesOf(right, HALF, HALF)]
  return {
    height: Math.max(one.height, other.height),
    draw: (top) => [one.draw(top), other.draw(top)],
  }
}

function latency(run: Run, measure: 'p50Ms' | 'p99Ms'): Lines {
  const share = measure === 'p50Ms' ? 'half' : '99 in 100'
  const [first] = run.open
  return {
    title: `Requests at a fixed rate: ${share} are answered within`,
    xTitle: `requests a second, ${first?.asked ?? 8} campaigns named`,
    yTitle: 'ms from when a request was due',
    lines: linesBy(run, run.open, ({ contender, rate }) => {
      const row = run.open.find((it) => it.contender === contender && it.rate === rate)
      return row === undefined || !servedAll(row) ? null : [rate, middle(row, measure)]
    }),
  }
}

function growthLines(
  run: Run,
  of: Run['growth'][number]['of'],
  inFlight: number,
  measure: 'p50Ms' | 'perSecond',
): Lines {
  const rows = run.growth.filter((row) => row.of === of && row.inFlight === inFlight)
  return {
    title: '',
    xTitle: growthWords(of),
    yTitle: measure === 'p50Ms' ? 'ms, half of them within' : 'claims a second',
    lines: linesBy(run, rows, (row) => [row.value, middle(row, measure)]),
  }
}

/** A line a contender, through the points its rows give. */
function linesBy<Row extends { contender: string }>(
  run: Run,
  rows: readonly Row[],
  point: (row: Row) => readonly [number, number] | null,
): Line[] {
  return unique(rows.map(({ contender }) => contender)).flatMap((contender) => {
    const points = rows
      .filter((row) => row.contender === contender)
      .map(point)
      .filter((at) => at !== null)
      .filter(([x, y]) => x > 0 && y > 0)
      .sort((a, b) => a[0] - b[0])
    const place = [...CONTENDERS.keys()].indexOf(contender)
    return points.length === 0 ? [] : [{ place, name: labelOf(run, contender), points }]
  })
}

const COLOURS = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5', SEVENTH.name]

function style(): Markup {
  const properties = (palette: Palette, seventh: string) =>
    Object.entries({ ...palette, [SEVENTH.name]: seventh })
      .map(([name, colour]) => `--${name}:${colour}`)
      .join(';')
  const sheet = `svg{color-scheme:light dark;${properties(LIGHT, SEVENTH.light)};font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
@media (prefers-color-scheme:dark){svg{${properties(DARK, SEVENTH.dark)}}}
.page{fill:var(--page)}
text{fill:var(--soft)}
text.title{font-size:18px;font-weight:600;fill:var(--ink)}
text.panel{font-size:14px;font-weight:600;fill:var(--ink)}
text.name{font-size:12px;font-weight:600;fill:var(--ink)}
text.value{font-size:12px;fill:var(--ink)}
text.small{font-size:11px}
text.end{font-weight:600;fill:var(--c)}
.grid{stroke:var(--rule)}
.even{stroke:var(--ink);stroke-width:1.5}
.leader{stroke:var(--c);stroke-width:1}
.bar{fill:var(--c)}
.line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}
.mark{fill:var(--c);stroke:var(--page);stroke-width:1}
${COLOURS.map((name) => `.${name}{--c:var(--${name})}`).join('')}`
  // Written here, by us: it has nothing to escape.
  return html`<style>
${new Markup([sheet], [])}
</style>
`
}
