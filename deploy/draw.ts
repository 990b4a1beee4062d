// Draw: `npm run draw` puts pictures made from the code itself into DESIGN.md and README.md.
//
//   D1. Every transition of the lead machine is in its drawing, with its guard: what the code does
//       is drawn, and nothing else.
//   D2. `--check` changes nothing and exits 1 when a file is out of date.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { leadMachine } from '../actors/campaign/lead.ts'
import * as subjects from '../actors/protocol/subjects.ts'
import { messageOf } from './error.ts'
import { PROJECT_DIR } from './nats-server.ts'

/** One arrow of the lead machine; `to` is `from` where an event changes data only. */
export interface Arrow {
  from: string
  event: string
  guard: string | null
  to: string
}

export interface Picture {
  file: string
  name: string
  mermaid: string
}

/** The lead machine's arrows, in the order of its definition. */
export function arrowsOf(machine: typeof leadMachine = leadMachine): Arrow[] {
  return Object.values(machine.states).flatMap((state) =>
    [...state.transitions.values()].flatMap((choices) =>
      choices.map(({ eventType, guard, target }, i): Arrow => {
        // A choice without a guard behind others is what is left when none of them holds.
        const named = guard === undefined ? (i > 0 ? 'else' : null) : nameOf(guard)
        return {
          from: state.key,
          event: eventType,
          guard: named,
          to: target?.[0]?.key ?? state.key,
        }
      }),
    ),
  )
}

/** The lead machine as a Mermaid state diagram. */
export function drawLeadMachine(machine: typeof leadMachine = leadMachine): string {
  const states = Object.values(machine.states)
  const finals = states.filter(({ type }) => type === 'final').map(({ key }) => key)
  const initial = machine.root.initial.target[0]?.key ?? ''
  const open = states
    .map(({ key }) => key)
    .filter((key) => key !== initial && !finals.includes(key))
  const arrows = arrowsOf(machine)
  // An event that ends the lead from every open state is one arrow from the box around them.
  const fromAll = (arrow: Arrow) =>
    finals.includes(arrow.to) &&
    open.every((from) => arrows.some((other) => other.from === from && sameBut(other, arrow)))
  const single = arrows.filter((arrow) => !fromAll(arrow))
  const shared = arrows.filter((arrow) => arrow.from === open[0] && fromAll(arrow))
  return [
    'stateDiagram-v2',
    `  [*] --> ${initial}`,
    '  state "open" as open {',
    ...open.map((key) => `    ${key}`),
    ...lines(single.filter(({ from }) => open.includes(from))).map((line) => `  ${line}`),
    '  }',
    ...lines(single.filter(({ from }) => !open.includes(from))),
    ...lines(shared.map((arrow) => ({ ...arrow, from: 'open' }))),
    ...finals.map((key) => `  ${key} --> [*]`),
  ].join('\n')
}

/** Who talks to whom, with the names the code uses on NATS. */
export function drawEngine(): string {
  const { EVENTS, INBOX, HOSTS_BUCKET, KEYS_BUCKET, SNAPSHOTS_STORE, IMPORTS_STORE } = subjects
  const [next] = subjects.SERVICES
  return [
    'flowchart LR',
    '  app["contract app"]',
    '  files["lead files, HTTP"]',
    '  gateway["gateway<br/>gathers bids, picks the best"]',
    '  worker["worker<br/>runs imports, learns"]',
    '  subgraph hosts["actor hosts (as many as wanted)"]',
    '    a["campaign actors<br/>each bids its best lead"]',
    '  end',
    '  subgraph nats["NATS JetStream"]',
    `    events[("${EVENTS}<br/>the journal")]`,
    `    inbox[("${INBOX}<br/>leads for an owner that is away")]`,
    `    rest[("${[HOSTS_BUCKET, KEYS_BUCKET, SNAPSHOTS_STORE, IMPORTS_STORE].join(', ')}")]`,
    '  end',
    `  app -- "${next}" --> gateway`,
    '  files --> gateway',
    '  gateway -- "1 call for bids" --> a',
    '  a -- "2 bids" --> gateway',
    '  gateway -- "3 award" --> a',
    '  a -- "4 append, fenced" --> events',
    '  a -- "5 award, and why" --> app',
    '  gateway -. "owner away" .-> inbox -.-> a',
    '  gateway -- "staged file" --> rest --> worker',
    '  worker -- "leads" --> a',
    '  events -. "outcomes" .-> worker -. "what was learnt" .-> a',
  ].join('\n')
}

export function pictures(): Picture[] {
  return [
    { file: 'DESIGN.md', name: 'lead machine', mermaid: drawLeadMachine() },
    { file: 'README.md', name: 'picture', mermaid: drawEngine() },
  ]
}

/** `text` with the picture between its markers; throws when the markers are not there. */
export function withPicture(text: string, { file, name, mermaid }: Picture): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file} has no markers ${begin} and ${end}`)
  const block = `\n\`\`\`mermaid\n${mermaid}\n\`\`\`\n`
  return text.slice(0, from + begin.length) + block + text.slice(to)
}

/** Arrows as Mermaid writes them: one line for each pair of states, its events one after another. */
function lines(arrows: readonly Arrow[]): string[] {
  const labels = new Map<string, string[]>()
  for (const { from, event, guard, to } of arrows) {
    const pair = `  ${from} --> ${to}`
    const label = guard === null ? event : `${event} [${guard}]`
    labels.set(pair, [...(labels.get(pair) ?? []), label])
  }
  return [...labels].map(([pair, events]) => `${pair} : ${events.join(', ')}`)
}

function sameBut(a: Arrow, b: Arrow): boolean {
  return a.event === b.event && a.guard === b.guard && a.to === b.to
}

/** A guard's name; ours are all named, so that a drawing can tell them. */
function nameOf(guard: unknown): string {
  if (typeof guard === 'string') return guard
  const type = (guard as { type?: unknown }).type
  if (typeof type === 'string') return type
  throw new Error('the lead machine has a guard without a name: name it in setup()')
}

async function main(args: readonly string[]): Promise<number> {
  const check = args.includes('--check')
  const unknown = args.filter((arg) => arg !== '--check')
  if (unknown.length > 0) {
    console.error(`unknown argument ${unknown.join(' ')} (npm run draw, npm run draw -- --check)`)
    return 2
  }
  let stale = 0
  for (const picture of pictures()) {
    const path = join(PROJECT_DIR, picture.file)
    const text = await readFile(path, 'utf8')
    const drawn = withPicture(text, picture)
    if (drawn === text) continue
    stale++
    if (!check) await writeFile(path, drawn)
    console.log(`${picture.file}: ${check ? 'out of date, run npm run draw' : 'drawn'}`)
  }
  return check && stale > 0 ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    console.error(messageOf(error))
    process.exitCode = 1
  }
}
