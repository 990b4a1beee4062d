// Slices: the fewest records that break a promise, for those who have to understand it.
//
//   SC1. What is shown breaks it by itself: the naive folds, run over these events alone, find the
//        very same. Each was left out in turn, and with any one fewer they do not find it.
//   SC2. Where only the whole log breaks it (a link of the chain, what the engine makes of it), the
//        last of what belongs to it is shown.
//   SC3. All is bounded: violations that are shown, events that are kept for one, and tries.

import type { Event } from '../../protocol/events.ts'
import type { ShardId } from '../../protocol/ids.ts'
import type { Record } from '../../protocol/record.ts'
import type { Link } from '../../runtime/nats.ts'
import { readRecord } from './chain.ts'
import { Findings, type Shown, type Violation } from './findings.ts'
import { ShardJudges, WholeJudges } from './judges.ts'
import { contactsOf, keysOf, leadKey } from './related.ts'
import { shownEvent, shownRecord } from './shown.ts'
import { readWhole } from './whole-log.ts'

const SHOWN_MAX = 20
/** Events kept for one violation: the first, where its leads began, and the last. */
const FIRST_MAX = 300
const LAST_MAX = 700
const TRIES_MAX = 600
/** Events shown where no fewer could be found. */
const TAIL = 8

interface Piece {
  seq: number
  record: Record
  event: Event
}

interface Case {
  violation: Violation
  keys: Set<string>
  pieces: Piece[]
  /** The record it was found at; null while that is not reached, or does not decode. */
  found: Record | null
  /** That record and the one before it in its shard, as links. */
  links: Shown[]
}

/** Adds to the first violations the records that matter, and the command that shows them whole. */
export async function addSlices(link: Link, shards: number, findings: Findings): Promise<void> {
  const cases = findings.violations.slice(0, SHOWN_MAX).map((violation): Case => {
    const keys = new Set(findings.keys.get(violation))
    return { violation, keys, pieces: [], found: null, links: [] }
  })
  const untilSeq = Math.max(0, ...cases.map(({ violation }) => violation.seq))
  await widen(link, untilSeq, cases)
  await gather(link, untilSeq, cases)
  for (const one of cases) describe(one, shards)
}

/** Whom a lead reaches is known by its own events alone, and may have been suppressed before them. */
async function widen(link: Link, untilSeq: number, cases: readonly Case[]): Promise<void> {
  for await (const { bytes } of readWhole(link, { untilSeq })) {
    for (const event of readRecord(bytes)?.events ?? []) {
      const contacts = contactsOf(event)
      if (contacts.length === 0 || !('lead_id' in event)) continue
      const lead = leadKey(event.campaign_id, event.lead_id)
      for (const { keys } of cases) {
        if (keys.has(lead)) for (const contact of contacts) keys.add(contact)
      }
    }
  }
}

async function gather(link: Link, untilSeq: number, cases: readonly Case[]): Promise<void> {
  const before = new Map<ShardId, { seq: number; bytes: Uint8Array }>()
  for await (const { seq, bytes, shard } of readWhole(link, { untilSeq })) {
    const record = readRecord(bytes)
    for (const one of cases) {
      const { violation, links } = one
      if (violation.shard === shard && violation.seq === seq) {
        const last = before.get(shard)
        if (last !== undefined) links.push(shownRecord(last.seq, shard, last.bytes))
        links.push(shownRecord(seq, shard, bytes))
        one.found = record
      }
      if (record !== null && seq <= violation.seq) keepOf(one, seq, record)
    }
    before.set(shard, { seq, bytes })
  }
}

function keepOf({ keys, pieces }: Case, seq: number, record: Record): void {
  if (keys.size === 0) return
  for (const event of record.events) {
    if (!keysOf(event).some((key) => keys.has(key))) continue
    pieces.push({ seq, record, event })
    if (pieces.length > FIRST_MAX + LAST_MAX) pieces.splice(FIRST_MAX, 1)
  }
}

function describe(one: Case, shards: number): void {
  const { violation, pieces, links } = one
  const fewest = shrunk(one, shards)
  const chosen = fewest ?? pieces.slice(-TAIL)
  const isLink = ['I7', 'I9', 'I15'].includes(violation.invariant)
  const asEvents = chosen.length > 0 && !(fewest === null && isLink)
  violation.records = asEvents ? chosen.map(({ seq, event }) => shownEvent(seq, event)) : links
  violation.see = seeOf(asEvents ? chosen : [], violation)
}

/** The fewest of the pieces that still break it, null where even all of them do not. */
function shrunk(one: Case, shards: number): Piece[] | null {
  let left = [...one.pieces]
  let tries = 0
  const breaks = (some: readonly Piece[]) => {
    tries++
    return judged(some, one, shards)
  }
  if (left.length === 0 || !breaks(left)) return null
  for (let size = Math.ceil(left.length / 2); tries < TRIES_MAX; size = Math.ceil(size / 2)) {
    const count = left.length
    for (let at = 0; at < left.length && tries < TRIES_MAX; ) {
      const fewer = [...left.slice(0, at), ...left.slice(at + size)]
      if (fewer.length > 0 && breaks(fewer)) left = fewer
      else at += size
    }
    // What went may have been all that another needed: once more until nothing goes.
    if (size === 1 && left.length === count) break
  }
  return left
}

/** Whether the naive folds find the same in these events alone. */
function judged(
  pieces: readonly Piece[],
  { violation: sought, found }: Case,
  shards: number,
): boolean {
  const findings = new Findings()
  const whole = new WholeJudges(shards, findings)
  const own = new ShardJudges(sought.shard, findings)
  const records = new Map<number, { record: Record; events: Event[] }>()
  for (const { seq, record, event } of pieces) {
    const known = records.get(seq) ?? { record, events: [] }
    known.events.push(event)
    records.set(seq, known)
  }
  // What is owed is asked for at the end of a record, whatever is in it.
  if (found !== null && !records.has(sought.seq))
    records.set(sought.seq, { record: found, events: [] })
  for (const [seq, { record, events }] of records) {
    const fewer = { ...record, events }
    whole.follow(fewer, seq)
    if (record.shard !== sought.shard) continue
    findings.at(sought.shard, seq)
    own.follow(fewer)
  }
  return findings.violations.some(
    ({ invariant, shard, seq, detail }) =>
      invariant === sought.invariant &&
      shard === sought.shard &&
      seq === sought.seq &&
      detail === sought.detail,
  )
}

function seeOf(pieces: readonly Piece[], { seq, records = [] }: Violation): string {
  const from = pieces[0]?.seq ?? records[0]?.seq ?? seq
  const campaigns = new Set(pieces.map(({ event }) => event.campaign_id))
  const leads = new Set(pieces.flatMap(({ event }) => ('lead_id' in event ? [event.lead_id] : [])))
  const [campaign] = campaigns
  const [lead] = leads
  const ofCampaign = campaigns.size === 1 && campaign !== 0 ? ` --campaign ${campaign}` : ''
  const ofLead = ofCampaign !== '' && leads.size === 1 ? ` --lead ${lead}` : ''
  return `npx leadbid replay${ofCampaign}${ofLead} --from ${from} --until ${seq}`
}
