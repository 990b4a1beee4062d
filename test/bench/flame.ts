// Flame: where the time of a thread goes, as a table by room and as a flame graph.
//
//   FL1. Time counts for the nearest caller that is ours: what a library does for a room is that room's.
//   FL2. What is idle is left out, and told as a share; so is what beginning and ending a profile takes.

import type { Profiler } from 'node:inspector'
import { html, Markup } from '../../actors/simulation/report/markup.ts'
import { label } from '../../actors/simulation/report/plot.ts'
import { DARK, LIGHT, type Palette } from '../../actors/simulation/report/style.ts'

/** A function, called from one place; times in µs over the whole profile. */
export interface Frame {
  name: string
  file: string
  us: number
  callees: Frame[]
}

export interface Flame {
  /** Everything but idle time. */
  root: Frame
  /** Share of the time the thread was at work. */
  busy: number
  /** Time by room, the largest first. */
  rooms: { room: string; us: number }[]
}

/** A frame that is the machine's own: time that no function is in. */
const IDLE = '(idle)'
const INSPECTOR = 'node:inspector'
const COLLECTOR = '(garbage collector)'
const OURS = /\/(actors|gateway)\/(?:(\w+)\/)?[\w-]+\.ts$/

type Node = Profiler.ProfileNode

export function flameOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Flame {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map<number, Node>()
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node)
  const pathTo = (node: Node): Node[] => {
    const path = [node]
    for (let up = parents.get(node.id); up !== undefined; up = parents.get(up.id)) path.push(up)
    return path.reverse().slice(1)
  }
  const root: Frame = { name: 'all', file: '', us: 0, callees: [] }
  const rooms = new Map<string, number>()
  let idle = 0
  for (const [i, id] of samples.entries()) {
    const us = timeDeltas[i] ?? 0
    const node = byId.get(id) as Node // A profile names its own nodes.
    if (node.callFrame.functionName === IDLE) {
      idle += us
      continue
    }
    const path = pathTo(node)
    if (path.some(({ callFrame }) => callFrame.url === INSPECTOR)) continue
    add(root, path, us)
    const room = roomOf(path)
    rooms.set(room, (rooms.get(room) ?? 0) + us)
  }
  return {
    root,
    busy: root.us / Math.max(1, root.us + idle),
    rooms: [...rooms].map(([room, us]) => ({ room, us })).sort((a, b) => b.us - a.us),
  }
}

function add(root: Frame, path: readonly Node[], us: number): void {
  let frame = root
  root.us += us
  for (const { callFrame } of path) {
    const name = callFrame.functionName || '(unnamed)'
    const file = shortOf(callFrame.url)
    let callee = frame.callees.find((known) => known.name === name && known.file === file)
    if (callee === undefined) {
      callee = { name, file, us: 0, callees: [] }
      frame.callees.push(callee)
    }
    callee.us += us
    frame = callee
  }
}

function roomOf(path: readonly Node[]): string {
  const last = path.at(-1)?.callFrame
  if (last?.functionName === COLLECTOR) return 'collecting garbage'
  const own = path.findLast(({ callFrame }) => OURS.test(callFrame.url))
  if (own === undefined) {
    const byClient = path.some(({ callFrame }) => callFrame.url.includes('/@nats-io/'))
    return byClient ? 'NATS client' : 'Node itself'
  }
  const [, top = '', room = 'main'] = OURS.exec(own.callFrame.url) ?? []
  const by = last?.url.includes('/msgpackr/') ? ', in msgpackr' : ''
  return `${top}/${room}${by}`
}

function shortOf(url: string): string {
  return url.startsWith('node:') ? url : url.split('/').slice(-2).join('/')
}

const WIDTH = 1200
const ROW = 18
const HEAD = 64
const MARGIN = 12
const LEAST_PX = 0.6
const LETTER_PX = 6.2

/** The picture: callers above what they call, each as wide as its time; hover for name and share. */
export function flameGraph({ root, busy }: Flame, title: string): string {
  const boxes: Markup[] = []
  let depth = 0
  const draw = (frame: Frame, left: number, row: number) => {
    const width = (frame.us / Math.max(1, root.us)) * (WIDTH - 2 * MARGIN)
    if (width < LEAST_PX) return
    depth = Math.max(depth, row)
    boxes.push(box(frame, { left, top: HEAD + row * ROW, width, share: frame.us / root.us }))
    let at = left
    for (const callee of frame.callees.toSorted((a, b) => b.us - a.us)) {
      draw(callee, at, row + 1)
      at += (callee.us / Math.max(1, root.us)) * (WIDTH - 2 * MARGIN)
    }
  }
  draw(root, MARGIN, 0)
  const height = HEAD + (depth + 1) * ROW + MARGIN
  const words = `${(100 * busy).toFixed(0)} % of the time at work; blue: leadbid, orange: libraries, green: Node, violet: the collector`
  const picture = html`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="Flame graph: ${title}" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">
${style()}<rect class="page" width="${WIDTH}" height="${height}"/>
${label(MARGIN, 26, title, 'start', 'title')}
${label(MARGIN, 46, words, 'start', 'small')}
${boxes}</svg>
`
  return picture.text
}

interface Place {
  left: number
  top: number
  width: number
  share: number
}

function box({ name, file }: Frame, { left, top, width, share }: Place): Markup {
  const letters = Math.floor((width - 6) / LETTER_PX)
  const shown = letters < 3 ? '' : name.length > letters ? `${name.slice(0, letters - 1)}…` : name
  const rect = html`<rect class="${kindOf(name, file)}" x="${left.toFixed(1)}" y="${top}" width="${Math.max(LEAST_PX, width - 0.5).toFixed(1)}" height="${ROW - 1}"/>`
  const text = shown === '' ? '' : label(left + 3, top + ROW - 5, shown, 'start', 'in')
  return html`<g><title>${name} ${file} ${(100 * share).toFixed(1)} %</title>${rect}${text}</g>
`
}

function kindOf(name: string, file: string): string {
  if (name === COLLECTOR) return 'p3'
  if (file === '' || file.startsWith('node:')) return 'p2'
  return file.endsWith('.ts') ? 'p0' : 'p1'
}

function style(): Markup {
  const properties = (palette: Palette) =>
    Object.entries(palette)
      .map(([name, colour]) => `--${name}:${colour}`)
      .join(';')
  const kinds = ['p0', 'p1', 'p2', 'p3'].map((name) => `.${name}{fill:var(--${name})}`).join('')
  const sheet = `svg{color-scheme:light dark;${properties(LIGHT)};font:11px system-ui,sans-serif}
@media (prefers-color-scheme:dark){svg{${properties(DARK)}}}
.page{fill:var(--page)}text{fill:var(--soft)}text.title{font-size:17px;font-weight:600;fill:var(--ink)}text.small{font-size:12px}text.in{fill:var(--page)}
${kinds}`
  // Written here, by us: it has nothing to escape.
  return html`<style>
${new Markup([sheet], [])}
</style>
`
}
