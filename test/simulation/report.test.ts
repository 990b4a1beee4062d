// The page of `leadbid simulate --report`: what it says is what the report says, it needs nothing
// from outside, and nothing on it is cut off. How it looks was judged by eye (render-report.ts).

import assert from 'node:assert/strict'
import { renderReport } from '../../actors/simulation/report/report.ts'
import { DARK, LIGHT, type Palette } from '../../actors/simulation/report/style.ts'
import type { Report } from '../../actors/simulation/result.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { EXTREME, makeReport, type Shape, USUAL } from './report-fixture.ts'
import { all, type Element, parsePage, textOf } from './report-markup.ts'

const test = suite('report page')

const REPORTS: Record<string, Report> = {
  usual: makeReport(USUAL),
  extreme: makeReport(EXTREME),
  single: { ...makeReport({ ...USUAL, policies: ['fifo'], days: 1 }), what_if: [] },
  bare: makeReport({ ...USUAL, customers: [], live: 0 }),
  strange: makeReport({ ...USUAL, policies: ['fifo', 'a "new" <policy>', 'index'], days: 200 }),
  unlearnt: { ...makeReport(USUAL), series: [] },
}

const FIGURES = [
  'Conversions by policy',
  'Live leads called in time',
  'SLA by customer',
  'Turn-around: from arrival to first call',
  'Turn-around in five-minute steps',
  'Live leads waiting for their first call',
  'Conversions by contractors',
  'SLA by contractors',
  'Error of the forecast while it learns',
  'Forecast against what came, by customer',
]

for (const [name, report] of Object.entries(REPORTS)) {
  test(`${name}: well-formed, headings in order, each figure with a caption, each picture named`, () => {
    const page = parsePage(renderReport(report))
    assert.equal(all(page, 'title').length, 1)
    const levels = all(page, '*').flatMap((element) => /^h([1-6])$/.exec(element.name)?.[1] ?? [])
    assert.equal(levels.filter((level) => level === '1').length, 1)
    for (const [i, level] of levels.entries()) {
      assert.ok(
        Number(level) <= Number(levels[i - 1] ?? 0) + 1,
        `h${level} after h${levels[i - 1]}`,
      )
    }
    for (const figure of all(page, 'figure')) {
      const [caption, ...more] = all(figure, 'figcaption')
      assert.ok(caption && more.length === 0 && textOf(caption).trim().endsWith('.'))
      for (const picture of all(figure, 'svg')) {
        if (picture.attributes['aria-hidden'] === 'true') continue
        assert.equal(picture.attributes.role, 'img')
        assert.ok((picture.attributes['aria-label'] ?? '').length > 10)
      }
    }
    assert.doesNotMatch(textOf(page), /NaN|undefined|Infinity|null|\[object/)
  })

  test(`${name}: nothing comes from outside and nothing runs`, () => {
    const text = renderReport(report)
    const page = parsePage(text)
    for (const { name: element, attributes } of all(page, '*')) {
      assert.ok(
        !['script', 'link', 'img', 'iframe', 'a', 'use', 'image'].includes(element),
        element,
      )
      for (const attribute of Object.keys(attributes)) {
        assert.doesNotMatch(attribute, /^(on|href|src|xlink)/)
      }
    }
    const [style] = all(page, 'style')
    assert.doesNotMatch(textOf(style!), /url\(|@import|@font-face/)
    assert.match(text, /Content-Security-Policy" content="default-src 'none'/)
  })

  test(`${name}: no text leaves its picture, and none covers another`, () => {
    for (const picture of all(parsePage(renderReport(report)), 'svg')) {
      const [, , width = 0, height = 0] = picture.attributes.viewBox!.split(' ').map(Number)
      const texts = all(picture, 'text').map(placed)
      for (const { text, left, right, top, bottom } of texts) {
        const inside = left >= -1 && right <= width + 1 && top >= -1 && bottom <= height + 1
        assert.ok(inside, `"${text}" leaves ${picture.attributes['aria-label']} (${width} wide)`)
      }
      for (const [i, a] of texts.entries()) {
        for (const b of texts.slice(i + 1)) {
          const apart =
            a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top
          assert.ok(apart, `"${a.text}" covers "${b.text}" (${width} wide)`)
        }
      }
    }
  })
}

/** About where a text stands; digits and letters of common fonts are .55 of its size wide, rarely more. */
function placed(element: Element) {
  const text = textOf(element)
  const { x, y, 'text-anchor': anchor } = element.attributes
  const width = [...text].length * 12 * 0.55
  const left = Number(x) - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0)
  return { text, left, right: left + width, top: Number(y) - 9, bottom: Number(y) + 2 }
}

test('all figures are there, whatever was simulated, save the steps of turn-arounds nobody had', () => {
  for (const [name, report] of Object.entries(REPORTS)) {
    const titles = all(parsePage(renderReport(report)), 'h3').map(textOf)
    const few = { bare: [4], single: [7], unlearnt: [4] }[name] ?? []
    const wanted = FIGURES.filter((_, i) => !few.includes(i))
    const single =
      name === 'single' ? ['Conversions by contractors', 'More or fewer contractors'] : []
    assert.deepEqual(
      titles,
      wanted.map((title) => (title === single[0] ? single[1] : title)),
      name,
    )
  }
})

test('each number of the table is the report’s', () => {
  for (const [name, report] of Object.entries(REPORTS)) {
    const [table] = all(parsePage(renderReport(report)), 'table')
    const rows = all(table!, 'tr').slice(1)
    assert.equal(rows.length, report.results.length)
    const base = report.results.find(({ policy }) => policy === 'fifo')?.conversions ?? 0
    for (const [i, result] of report.results.entries()) {
      const shares = Object.values(result.sla_by_customer)
      const cells = all(rows[i]!, 'td').map((cell) => all(cell, 'data')[0]?.attributes.value)
      const expected = [
        result.conversions,
        base === 0 ? null : result.conversions / base,
        result.sla_overall,
        shares.length === 0 ? null : Math.min(...shares),
        result.tat_p50_s,
        result.tat_p90_s,
        result.calls,
        result.stale_calls,
        result.idle_share,
        result.conversions_by_plan.Enterprise,
        result.conversions_by_plan.Pro,
        result.conversions_by_plan.Starter,
      ]
      assert.deepEqual(
        cells,
        expected.map((n) => (n === null ? undefined : String(n))),
        name,
      )
    }
  }
})

test('what the table shows is what the figures round to; shares are cut, so that none seems to reach a target', () => {
  const report = makeReport({ ...USUAL, policies: ['index', 'fifo'] })
  Object.assign(report.results[0]!, {
    conversions: 12_345,
    sla_overall: 0.89996,
    sla_by_customer: { '55': 0.99999, '56': 0.29 },
    tat_p50_s: 42,
    tat_p90_s: 3 * 3600,
    idle_share: 0.0004,
  })
  Object.assign(report.results[1]!, { conversions: 5000 })
  const [table] = all(parsePage(renderReport(report)), 'table')
  const shown = all(all(table!, 'tr')[1]!, 'data').map((cell) =>
    textOf(cell).replaceAll('\u00a0', ' '),
  )
  assert.deepEqual(shown.slice(0, 6), ['12,345', '2.47 ×', '89.9 %', '29.0 %', '42 s', '3.0 h'])
  assert.equal(shown[8], '< 0.1 %')
})

test('the headline is computed: how many times first come, first served, and the share in time', () => {
  const report = makeReport({ ...USUAL, policies: ['fifo', 'index'] })
  const [fifo, index] = report.results
  const headline = (): string =>
    textOf(all(parsePage(renderReport(report)), 'h1')[0]!).replaceAll('\u00a0', ' ')
  Object.assign(fifo!, { conversions: 1000 })
  Object.assign(index!, { conversions: 2300, sla_overall: 0.939 })
  assert.equal(
    headline(),
    'The index converts 2.3 × first come, first served with the same 24 contractors, and calls 93 % of live leads within 30 minutes',
  )
  index!.conversions = 1140
  assert.match(headline(), /^The index converts 14 % more than first come, first served/)
  index!.conversions = 870
  assert.match(headline(), /^The index converts 13 % less than first come, first served/)
  index!.conversions = 1001
  assert.match(headline(), /^The index converts as much as first come, first served/)
  fifo!.conversions = 0
  assert.match(
    headline(),
    /^The index converts 1,001 leads where first come, first served converts none/,
  )
  index!.sla_overall = null
  assert.doesNotMatch(headline(), /calls/)
  report.sla = { minutes: 1, target: 0.5 }
  index!.sla_overall = 1
  assert.match(headline(), /calls 100 % of live leads within 1 minute$/)
})

test('A12: customers below the target are named, and an SLA that cannot be met says who is missing', () => {
  const report = makeReport(USUAL)
  Object.assign(report.results[0]!, {
    sla_by_customer: { '55': 0.95, '56': 0.8996, '57': 0.7 },
    infeasible: { '57': { share: 0.7, target: 0.9, short_contractors: 3 } },
  })
  const text = textOf(parsePage(renderReport(report))).replaceAll('\u00a0', ' ')
  assert.match(text, /Below 90 % under the index: 57 \(70\.0 %\) and 56 \(89\.9 %\)\./)
  assert.match(text, /Customer 57: infeasible, short 3 contractors; 70\.0 % .* 90 % were asked for/)
})

test('names are text wherever they stand: escaped, and what no document may hold is replaced', () => {
  const anything = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(anything, anything, (customer, policy) => {
      const shape: Shape = {
        ...USUAL,
        live: 50,
        days: 1,
        customers: [`<b>&"'${customer}`],
        policies: [policy],
      }
      const page = renderReport(makeReport(shape))
      parsePage(page) // throws on anything that is not the page's own markup
      assert.ok(!page.includes('<b>&'))
      const forbidden = [...page].filter(
        (c) => /\p{C}/u.test(c) && !/[\n\t\r\p{Cf}\p{Co}\p{Cn}]/u.test(c),
      )
      assert.deepEqual(forbidden, [])
    }),
    { numRuns: 40 },
  )
})

test('the same report makes the same page; a figure that is no number makes none', () => {
  assert.equal(renderReport(makeReport(USUAL)), renderReport(makeReport(USUAL)))
  const report = makeReport(USUAL)
  report.results[0]!.idle_share = Number.NaN
  assert.throws(() => renderReport(report), /Idle: NaN is no figure/)
  assert.throws(() => renderReport({ ...report, results: [] }), /at least one policy/)
})

test('text has a contrast of at least 4.5 : 1, marks of 3 : 1, in light and dark', () => {
  for (const palette of [LIGHT, DARK]) {
    const marks = Object.keys(palette).filter((name) => /^p\d$/.test(name))
    assert.equal(marks.length, 6)
    for (const text of ['ink', 'soft', 'warn', ...marks]) {
      // a line's name has its colour
      for (const ground of ['page', 'card']) reaches(palette, text, ground, 4.5)
    }
    for (const plan of [0, 1, 2, 3]) reaches(palette, `on-plan${plan}`, `plan${plan}`, 4.5)
  }
})

function reaches(palette: Palette, text: string, ground: string, least: number): void {
  const [a, b] = [luminance(palette[text]!), luminance(palette[ground]!)]
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
  assert.ok(contrast >= least, `${text} on ${ground}: ${contrast.toFixed(2)}`)
}

/** Relative luminance of #rrggbb (WCAG 2.2). */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

test.run()
