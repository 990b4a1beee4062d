// Style: colours for light and dark, and the page's style sheet.
//
//   S1. Text has a contrast of at least 4.5 : 1 on what it stands on, marks and lines one of 3 : 1.

import { html, Markup } from './markup.ts'

/** Colours by the name of their custom property; `on-*` is text on the colour of that name. */
export type Palette = Readonly<Record<string, string>>

export const LIGHT: Palette = {
  page: '#ffffff',
  card: '#f5f6f8',
  ink: '#16191d',
  soft: '#4b535e',
  rule: '#d5d9df',
  night: '#e6e9ee',
  warn: '#9a2b12',
  p0: '#0b5cad',
  p1: '#b2480a',
  p2: '#1b7340',
  p3: '#7b3fb0',
  p4: '#5b626c',
  p5: '#a8266b',
  plan0: '#17406b',
  'on-plan0': '#ffffff',
  plan1: '#7fb0dd',
  'on-plan1': '#0c1a28',
  plan2: '#d3e4f4',
  'on-plan2': '#0c1a28',
  plan3: '#c9c9c9',
  'on-plan3': '#16191d',
}

export const DARK: Palette = {
  page: '#14171b',
  card: '#1d2127',
  ink: '#eceff3',
  soft: '#a9b2be',
  rule: '#363d47',
  night: '#252b33',
  warn: '#ff9d84',
  p0: '#6db3f7',
  p1: '#f4a261',
  p2: '#6cc990',
  p3: '#c39bf0',
  p4: '#b3bcc7',
  p5: '#f08ab8',
  plan0: '#a9d2f9',
  'on-plan0': '#0c1a28',
  plan1: '#3673ab',
  'on-plan1': '#ffffff',
  plan2: '#22415f',
  'on-plan2': '#eceff3',
  plan3: '#555555',
  'on-plan3': '#ffffff',
}

const MARKS = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5']
const PLANS = ['plan0', 'plan1', 'plan2', 'plan3']

/** The page's `<style>`; printed it is light whatever the screen is. */
export function style(): Markup {
  return html`<style>
${sheet(`:root{color-scheme:light dark;${properties(LIGHT)}}
@media screen and (prefers-color-scheme:dark){:root{${properties(DARK)}}}
${PAGE}${PICTURES}
${MARKS.map((name) => `.${name}{--c:var(--${name})}`).join('')}.ink{--c:var(--ink)}
${PLANS.map((name) => `rect.${name}{fill:var(--${name})}span.${name}{background:var(--${name})}.on-${name}{fill:var(--on-${name});font-size:12px}`).join('')}
${WIDTHS}`)}</style>
`
}

/** A style sheet is written here, by us: it has nothing to escape. */
function sheet(text: string): Markup {
  return new Markup([text], [])
}

function properties(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')
}

const PAGE = `*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1100px;margin:0 auto;padding:32px 20px 48px}
h1{font-size:clamp(1.4rem,1rem + 2.2vw,2.1rem);line-height:1.25;margin:0 0 16px;text-wrap:balance}
h2{font-size:1.35rem;line-height:1.3;margin:48px 0 16px;padding-top:16px;border-top:2px solid var(--rule)}
h3{font-size:1.05rem;margin:0 0 8px}
p{margin:0 0 12px;max-width:75ch}
bdi,td,th,h1,li,figcaption{overflow-wrap:anywhere}
.setting,figcaption,footer{color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:12px;margin:20px 0}
.tiles>div{background:var(--card);border-radius:8px;padding:12px 16px}
dt{color:var(--soft);font-size:.9rem}
dd{margin:0;font-size:.9rem}
dd b{display:block;font-size:1.9rem;line-height:1.25;font-variant-numeric:tabular-nums}
.note{border-left:4px solid var(--warn);background:var(--card);padding:12px 16px;margin:16px 0}
.note ul{margin:0;padding-left:20px}
.empty{background:var(--card);border-radius:8px;padding:24px 16px;max-width:none}
.scrolled{overflow-x:auto;margin:0 0 16px;border:1px solid var(--rule);border-radius:8px;background:linear-gradient(90deg,var(--page) 40%,transparent) 0 0/32px 100% no-repeat local,linear-gradient(270deg,var(--page) 40%,transparent) 100% 0/32px 100% no-repeat local,linear-gradient(90deg,var(--rule),transparent) 0 0/14px 100% no-repeat scroll,linear-gradient(270deg,var(--rule),transparent) 100% 0/14px 100% no-repeat scroll}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:8px 9px;text-align:right;border-bottom:1px solid var(--rule);vertical-align:top}
tbody tr:last-child>*{border-bottom:0}
td{white-space:nowrap}
thead th{color:var(--soft);font-weight:600;vertical-align:bottom;overflow-wrap:normal}
th:first-child{text-align:left;min-width:9rem}
small{display:block;color:var(--soft);font-size:.8125rem;font-weight:400;line-height:1.3}
figure{margin:0 0 32px;min-width:0}
figcaption{font-size:.9rem;margin-top:8px;max-width:85ch}
.pair,.few,.many{display:grid;gap:0 32px;grid-template-columns:minmax(0,1fr)}
.few{gap:16px 24px;grid-template-columns:repeat(auto-fill,minmax(min(232px,100%),1fr))}
.many{gap:12px 16px;grid-template-columns:repeat(auto-fill,minmax(148px,1fr));margin-bottom:16px}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:0 0 8px;padding:0;font-size:.9rem}
.legend li{display:flex;align-items:center;gap:6px}
.legend svg{flex:none}
.swatch{width:18px;height:14px;border:1px solid var(--soft)}
`

const PICTURES = `svg[role]{display:block;width:100%;height:auto;font-size:12px}
.few svg[role]{max-width:320px}
.many svg[role]{max-width:210px}
text{fill:var(--soft)}
text.name,text.value,text.low,text.end{font-size:13px;fill:var(--ink)}
text.name,text.low,text.end{font-weight:600}
text.low{fill:var(--warn)}
text.end{font-size:12px}
text.end[class*=" p"]{fill:var(--c)}
text.small{font-size:11px}
.grid{stroke:var(--rule)}
.target{stroke:var(--ink);stroke-dasharray:5 4;stroke-width:1.5}
.halo{stroke:var(--page);stroke-width:4}
text.name,text.value,text.axis,text.low{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
.night{fill:var(--night)}
.bar{stroke:var(--page)}
.fill{fill:var(--c)}
.rest{fill-opacity:.55}
.line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}
.mark{fill:var(--c);stroke:var(--page);stroke-width:1}
.frame{fill:none;stroke:var(--rule)}
.diagonal{stroke:var(--soft);stroke-dasharray:4 3}
.bubble{fill:var(--p0);fill-opacity:.6;stroke:var(--p0)}
.hollow{fill:none;stroke-dasharray:3 2}`

const WIDTHS = `.narrow{display:none!important}
@media screen and (max-width:899px){.wide{display:none!important}.narrow{display:block!important;max-width:480px}}
@media (min-width:900px){.pair{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}.tiles{grid-template-columns:repeat(4,minmax(0,1fr))}}
@media screen and (max-width:599px){main{padding:20px 16px 32px}.tiles{gap:8px}.tiles>div{padding:10px 12px}dd b{font-size:1.5rem}
.scrolled{overflow:visible;border:0;background:none}thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table,tbody{display:block}tr{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:6px 12px;border:1px solid var(--rule);border-radius:8px;padding:10px 12px;margin:0 0 10px}
tbody th{grid-column:1/-1;padding:0;border:0}tbody td{padding:0;border:0;text-align:left;white-space:normal}
td::before{content:attr(data-head);display:block;color:var(--soft);font-size:.75rem;line-height:1.3}td small{display:inline}}
@media print{main{max-width:none;padding:0}.pair{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}.tiles{grid-template-columns:repeat(4,minmax(0,1fr))}figure,tr,.note,.tiles>div{break-inside:avoid}h2,h3{break-after:avoid}.scrolled{overflow:visible;border:0;background:none}table{font-size:.68rem}th,td{padding:4px}*{print-color-adjust:exact}}
`
