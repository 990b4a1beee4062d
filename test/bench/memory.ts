// Memory: what a lead takes in a campaign's memory, by the field that holds it. Counted from V8's own
// heap snapshot, private fields included, so that nothing has to be told what it holds.
//
//   ME1. Each object counts once, where the shortest way from the campaign leads to it. What every
//        process has anyway (code, classes, hidden maps) counts nowhere.

import { text } from 'node:stream/consumers'
import { getHeapSnapshot } from 'node:v8'
import { type Figure, limitFigure } from './bench.ts'
import { campaignOf } from './bid.ts'

/** Fields below the campaign that are told apart. */
const DEPTH = 5
/** Of a sealed text: where its key is, nonce and tag. */
const SEALED_BESIDE_TEXT = 8 + 12 + 16
/** The next, larger table: memory that is asked for at once, and taken as rows are copied into it. */
const ROOM = /\.#next\b/
/** What takes less is told together, bytes a lead. */
const TOLD_MIN = 0.5
const SKIPPED_FIELDS = new Set(['__proto__', 'constructor', 'map'])
const HELD_INSIDE = /^(elements|properties|table|buffer|backing_store|first|second|parent|\d+)$/
const SKIPPED_NODES = new Set(['closure', 'code', 'hidden', 'object shape', 'synthetic'])

/** The parts of V8's heap snapshot that are read here; nodes and edges are rows of numbers. */
interface HeapSnapshot {
  snapshot: {
    meta: {
      node_fields: string[]
      edge_fields: string[]
      node_types: [string[]]
      edge_types: [string[]]
    }
  }
  nodes: number[]
  edges: number[]
  strings: string[]
}

export async function benchMemory({ leads = 1_000_000 } = {}): Promise<Figure[]> {
  let hash = 0
  const sealer = {
    seal: (_: number, text: string) => new Uint8Array(SEALED_BESIDE_TEXT + text.length),
    hash: () => ++hash,
  }
  const more = (id: number) => ({ phone: `+91${9_000_000_000 + id}` })
  const campaign = new Counted(campaignOf(leads, Date.now(), { more, sealer }))
  const bytes = bytesByField(JSON.parse(await text(getHeapSnapshot())), Counted.name)
  const fields = [...bytes].map(([field, of]) => ({ field, each: of / leads }))
  const room = fields.filter(({ field }) => ROOM.test(field))
  const held = fields.filter(({ field }) => !ROOM.test(field))
  const told = held.filter(({ each }) => each >= TOLD_MIN).sort((a, b) => b.each - a.each)
  const lines = [
    ...told.map(({ field, each }) => ({ field: field.replace(/^it\./, ''), each })),
    { field: 'all other fields', each: sum(held) - sum(told) },
    { field: 'all', each: sum(held) },
    { field: 'beside it: room for growth', each: sum(room) },
  ].map(({ field, each }) => `| ${field} | ${each.toFixed(1)} |`)
  process.stderr.write(`| field | B a lead |\n|---|---|\n${lines.join('\n')}\n`)
  if (campaign.it.leads.size !== leads) throw new Error('the campaign was not held')
  return [limitFigure('memory of a lead, by its fields', sum(held), 'B', 350)]
}

const sum = (fields: readonly { each: number }[]) => fields.reduce((all, { each }) => all + each, 0)

/** Found by its name among all objects. */
class Counted<T> {
  readonly it: T
  constructor(it: T) {
    this.it = it
  }
}

/** Bytes of what the one object of a class holds, by the fields on the way there. */
export function bytesByField(heap: HeapSnapshot, className: string): Map<string, number> {
  const { node_fields, edge_fields, node_types, edge_types } = heap.snapshot.meta
  const at = (fields: readonly string[]) => (name: string) => fields.indexOf(name)
  const [node, edge] = [at(node_fields), at(edge_fields)]
  const width = node_fields.length
  const nodeType = (i: number) => node_types[0][heap.nodes[i + node('type')] ?? 0] ?? ''
  const nodeName = (i: number) => heap.strings[heap.nodes[i + node('name')] ?? 0] ?? ''
  const firstEdge = new Map<number, number>()
  let root = -1
  for (let i = 0, edges = 0; i < heap.nodes.length; i += width) {
    firstEdge.set(i, edges)
    edges += (heap.nodes[i + node('edge_count')] ?? 0) * edge_fields.length
    if (nodeType(i) === 'object' && nodeName(i) === className) root = i
  }
  if (root < 0) throw new Error(`no object of class ${className} is in the heap`)
  const bytes = new Map<string, number>()
  const seen = new Set([root])
  const waiting: { i: number; path: readonly string[] }[] = [{ i: root, path: [] }]
  for (const { i, path } of waiting) {
    const field = path.join('.')
    bytes.set(field, (bytes.get(field) ?? 0) + (heap.nodes[i + node('self_size')] ?? 0))
    const begin = firstEdge.get(i) ?? 0
    const end = begin + (heap.nodes[i + node('edge_count')] ?? 0) * edge_fields.length
    for (let e = begin; e < end; e += edge_fields.length) {
      const type = edge_types[0][heap.edges[e + edge('type')] ?? 0] ?? ''
      const label = heap.edges[e + edge('name_or_index')] ?? 0
      const name = type === 'element' ? '' : (heap.strings[label] ?? '')
      const target = heap.edges[e + edge('to_node')] ?? 0
      if (!isHeld(type, name) || seen.has(target) || SKIPPED_NODES.has(nodeType(target))) continue
      seen.add(target)
      const isField = type === 'property' && path.length < DEPTH
      waiting.push({ i: target, path: isField ? [...path, name] : path })
    }
  }
  return bytes
}

function isHeld(type: string, name: string): boolean {
  if (type === 'property') return !SKIPPED_FIELDS.has(name)
  return type === 'element' || (type === 'internal' && HELD_INSIDE.test(name))
}
