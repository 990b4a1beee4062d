// Report: a report as one HTML file that needs nothing else: no script, no font, no network, which its
// content security policy also forbids. The same report makes the same bytes.

import type { Report } from '../result.ts'
import { backlog } from './backlog.ts'
import { calibration } from './calibration.ts'
import { conversionBars, slaBars } from './conversions.ts'
import { customerDots } from './customers.ts'
import { chapter } from './figure.ts'
import { headlineOf, setting, shortfalls, tiles } from './headline.ts'
import { learningCurve } from './learning.ts'
import { html, type Markup } from './markup.ts'
import { type Reading, read } from './reading.ts'
import { staffing } from './staffing.ts'
import { style } from './style.ts'
import { policyTable } from './table.ts'
import { turnaround } from './turnaround.ts'

/** The page of a report of at least one policy; throws on a figure that is not finite. */
export function renderReport(report: Report): string {
  const reading = read(report)
  const headline = headlineOf(reading)
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${headline} · leadbid simulation</title>
${style()}</head>
<body>
<main>
<header>
<h1>${headline}</h1>
${setting(reading)}</header>
${body(reading)}</main>
</body>
</html>
`
  return page.text
}

function body(reading: Reading): Markup {
  const compared = html`<div class="pair">${conversionBars(reading)}${slaBars(reading)}</div>
${policyTable(reading)}`
  const learnt = html`${learningCurve(reading)}${calibration(reading)}`
  return html`${tiles(reading)}${shortfalls(reading)}${chapter('What each policy brings', compared)}${chapter('Who is called in time', customerDots(reading))}${chapter('How long leads wait', html`${turnaround(reading)}${backlog(reading)}`)}${chapter('More or fewer contractors', staffing(reading))}${chapter('What was learnt', learnt)}${glossary()}`
}

function glossary(): Markup {
  return html`<footer>
<h2>How to read this page</h2>
<p>A live lead is new and has an SLA: the time from its arrival to its first call. A stale lead is an old one that is tried again when there is time. The SLA of a policy is the share of live leads first called in time; uncalled ones count as missed, save those that arrived in the last half hour. A conversion is a call that ended in one.</p>
<p>All policies met the same leads, the same contractors and the same luck: who picks up, who would convert and how long a talk takes is drawn once from the seed.</p>
</footer>
`
}
