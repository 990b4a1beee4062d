// Allocations: leads given to one contractor each, some with a deadline, and what became of those.
//
//   AL1. In a campaign of mode `allocated` a lead is offered to nobody but its contractor; in any
//        other mode allocations are kept, and mean nothing.
//   AL2. A deadline is kept by the first attempt since the lead was allocated, on whatever channel,
//        when that is no later. It is missed by a later one, and where there is none `decideMissed`
//        says so, once. An attempt in time that is only reported afterwards keeps it all the same.
//   AL3. An allocation ends when its lead comes to its end, is suppressed, or goes to another. What
//        was kept or missed by then stays on its contractor's board; so does, undecided, what ended
//        with its lead. What is taken away before it was decided leaves no trace.

import type { BoardRow } from '../protocol/allocation.ts'
import type { Event, LeadAllocated, LeadEvent } from '../protocol/events.ts'
import type { ContractorId } from '../protocol/ids.ts'
import type { LeadShown } from '../protocol/replies.ts'
import { formatTime } from '../protocol/time.ts'
import { type Allocation, AllocationTable, type TableImage } from './allocation-table.ts'
import type { Campaign } from './campaign.ts'
import { MinHeap } from './min-heap.ts'
import type { ColumnBytes, TableCut } from './table-cut.ts'

/** Deadlines told at once: a thousand end at five o'clock, and bids must not wait for all of them. */
const MISSED_MAX = 128
/** Entries of the heap that mean nothing any more are swept beyond twice the allocations and this. */
const SWEEP_ABOVE = 1024

/** What became of a contractor's allocations that have ended. */
interface Past {
  allocated: number
  on_time: number
  missed: number
}

type Outcome = 'on_time' | 'missed' | 'open'

export interface AllocationsImage extends TableImage {
  past: [contractor: ContractorId, allocated: number, on_time: number, missed: number][]
}

/** A stretch of rows of it. */
export interface AllocatedImage {
  from: number
  rows: number
  columns: ColumnBytes
}

export class Allocations {
  readonly #campaign: Campaign
  readonly #table = new AllocationTable()
  readonly #past = new Map<ContractorId, Past>()
  /** The rows of each contractor; derived. */
  readonly #rows = new Map<ContractorId, Set<number>>()
  /** Deadlines ahead; derived. */
  readonly #deadlines = new MinHeap()
  /** Leads that are allocated to somebody. */
  size = 0
  #unallocated = { second: Number.NaN, leads: 0 }

  constructor(campaign: Campaign) {
    this.#campaign = campaign
  }

  /** Whether there is nothing to keep in a snapshot. */
  get isEmpty(): boolean {
    return this.size === 0 && this.#past.size === 0 && this.lists.length === 0
  }

  /** Takes note of any event of a lead, once the lead itself has changed. */
  apply(row: number, event: LeadEvent): void {
    switch (event.type) {
      case 'lead.allocated':
        this.#give(row, event)
        break
      case 'lead.deadline_missed':
        this.#change(row, { told: true })
        break
      case 'lead.confirmed':
      case 'lead.attempted':
        this.#attempted(row, event.at)
        break
      case 'lead.disposed':
        this.#attempted(row, Math.min(event.attempted_at, event.at))
        break
      default:
    }
    if (this.#table.contractor(row) !== null && this.#campaign.isClosed(row)) this.#end(row, true)
  }

  /** Say so before a row's allocation changes. */
  changing(row: number): void {
    this.#table.changing(row)
  }

  contractorOf(row: number): ContractorId | null {
    return this.#table.contractor(row)
  }

  /** What a row's allocation is, null where there is none. */
  of(row: number): Allocation | null {
    return this.#table.of(row)
  }

  /** The deadline a row's first attempt still has to keep, ms; null where there is none. */
  openDeadline(row: number): number | null {
    return this.#table.openDeadline(row)
  }

  /** The rows a contractor was given, in no order. */
  rowsOf(contractor: ContractorId): ReadonlySet<number> {
    return this.#rows.get(contractor) ?? NO_ROWS
  }

  /** As `lead.show` has it. */
  shown(row: number): Pick<LeadShown, 'allocation'> {
    const allocation = this.#table.of(row)
    if (allocation === null || this.#campaign.settings.mode !== 'allocated') return {}
    const { contractor: contractor_id, deadline, list } = allocation
    return {
      allocation: {
        contractor_id,
        ...(deadline === null ? {} : { deadline: formatTime(deadline) }),
        ...(list === null ? {} : { list }),
        ...(outcomeOf(allocation) === 'missed' ? { missed: true } : {}),
      },
    }
  }

  /** How many names of lists are kept. */
  get lists(): readonly string[] {
    return this.#table.lists.texts()
  }

  /** Contractors that have or had allocations here, ascending. */
  contractors(): ContractorId[] {
    return [...new Set([...this.#rows.keys(), ...this.#past.keys()])].sort((a, b) => a - b)
  }

  /** A contractor's line of the board. */
  board(contractor_id: ContractorId): BoardRow {
    const past = this.#past.get(contractor_id) ?? NO_PAST
    const line = { contractor_id, ...past, open: 0 }
    let next = Number.POSITIVE_INFINITY
    for (const row of this.rowsOf(contractor_id)) {
      const allocation = this.#table.of(row)
      if (allocation === null) continue
      const outcome = outcomeOf(allocation)
      line.allocated++
      line[outcome]++
      if (outcome === 'open') next = Math.min(next, allocation.deadline ?? next)
    }
    return Number.isFinite(next) ? { ...line, next_deadline: formatTime(next) } : line
  }

  /** Leads that could be called, calling hours aside, and are allocated to nobody; told anew once a second. */
  unallocated(now: number): number {
    const { leads, depth, queue } = this.#campaign
    const ends = ['converted', 'lost', 'invalid', 'suppressed']
    const closed = ends.reduce((sum, state) => sum + (depth.get(state) ?? 0), 0)
    if (leads.size - closed === this.size) return 0
    if (this.size === 0) return queue.awake
    const second = Math.floor(now / 1000)
    if (this.#unallocated.second !== second) {
      let count = 0
      for (let row = 0; row < leads.size; row++) {
        if (queue.isAwake(row) && this.#table.contractor(row) === null) count++
      }
      this.#unallocated = { second, leads: count }
    }
    return this.#unallocated.leads
  }

  /** A row whose deadline passed before `now` without an attempt, and nobody was told; else undefined. */
  overdue(now: number): number | undefined {
    while (this.#deadlines.peek() < now) {
      const row = this.#deadlines.peekRow()
      const allocation = this.#table.of(row)
      const stands = allocation?.deadline === this.#deadlines.peek() && !allocation.told
      if (allocation !== null && stands && !isKept(allocation)) return row
      this.#deadlines.pop()
    }
    return undefined
  }

  /** All but the rows, whose cut is read apart. */
  image(): AllocationsImage {
    const past = [...this.#past].map(
      ([contractor, { allocated, on_time, missed }]): AllocationsImage['past'][number] => [
        contractor,
        allocated,
        on_time,
        missed,
      ],
    )
    return { columns: {}, lists: this.lists.slice(), past }
  }

  cut(): TableCut {
    return this.#table.cut()
  }

  load(image: AllocationsImage): void {
    for (const list of image.lists) this.#table.lists.code(list)
    for (const [contractor, allocated, on_time, missed] of image.past) {
      this.#past.set(contractor, { allocated, on_time, missed })
    }
    const rows = (image.columns.told ?? []).length
    if (rows > 0) this.loadRows({ from: 0, rows, columns: image.columns })
  }

  loadRows({ from, rows, columns }: AllocatedImage): void {
    this.#table.load(from, rows, columns)
    for (let row = from; row < from + rows; row++) {
      const allocation = this.#table.of(row)
      if (allocation === null) continue
      this.#file(row, allocation.contractor)
      this.#await(row, allocation)
    }
  }

  #await(row: number, allocation: Allocation): void {
    if (allocation.deadline === null || allocation.told || isKept(allocation)) return
    this.#deadlines.push(allocation.deadline, row)
  }

  #give(row: number, event: LeadAllocated): void {
    if (this.#table.contractor(row) !== null) this.#end(row, false)
    const { contractor_id: contractor, at: since, deadline, list = null } = event
    if (contractor === null) return
    this.#table.set(row, { contractor, since, deadline, firstAt: null, told: false, list })
    this.#file(row, contractor)
    if (deadline === null) return
    this.#deadlines.push(deadline, row)
    if (this.#deadlines.size > 2 * this.size + SWEEP_ABOVE) this.#sweep()
  }

  #attempted(row: number, at: number): void {
    const allocation = this.#table.of(row)
    if (allocation === null || at < allocation.since) return
    if (allocation.firstAt === null || at < allocation.firstAt) this.#change(row, { firstAt: at })
  }

  #change(row: number, changes: Partial<Allocation>): void {
    const allocation = this.#table.of(row)
    if (allocation !== null) this.#table.set(row, { ...allocation, ...changes })
  }

  /** `closed`: its lead is at its end; else it goes to another contractor, or to nobody. */
  #end(row: number, closed: boolean): void {
    const allocation = this.#table.of(row)
    if (allocation === null) return
    const { contractor } = allocation
    const outcome = outcomeOf(allocation)
    if (closed || outcome !== 'open') {
      const past = this.#past.get(contractor) ?? { ...NO_PAST }
      past.allocated++
      if (outcome !== 'open') past[outcome]++
      this.#past.set(contractor, past)
    }
    this.#table.clear(row)
    this.size--
    const rows = this.#rows.get(contractor)
    rows?.delete(row)
    if (rows?.size === 0) this.#rows.delete(contractor)
  }

  #file(row: number, contractor: ContractorId): void {
    const rows = this.#rows.get(contractor)
    if (rows === undefined) this.#rows.set(contractor, new Set([row]))
    else rows.add(row)
    this.size++
  }

  #sweep(): void {
    this.#deadlines.clear()
    for (let row = 0; row < this.#table.end(); row++) {
      const allocation = this.#table.of(row)
      if (allocation !== null) this.#await(row, allocation)
    }
  }
}

const NO_ROWS: ReadonlySet<number> = new Set()
const NO_PAST: Readonly<Past> = { allocated: 0, on_time: 0, missed: 0 }

/** A deadline there is not is kept by any attempt. */
function isKept({ firstAt, deadline }: Allocation): boolean {
  return firstAt !== null && (deadline === null || firstAt <= deadline)
}

function outcomeOf(allocation: Allocation): Outcome {
  if (isKept(allocation)) return 'on_time'
  return allocation.told || allocation.firstAt !== null ? 'missed' : 'open'
}

/** Tells deadlines that have passed, some of them; the others at the next call. */
export function decideMissed(
  campaign: Campaign,
  clock: number,
  emit: (event: Event) => void,
): void {
  if (campaign.settings.mode !== 'allocated') return
  const { allocations, leads, id: campaign_id } = campaign
  const at = campaign.clock(clock)
  for (let told = 0; told < MISSED_MAX; told++) {
    const row = allocations.overdue(at)
    const allocation = row === undefined ? null : allocations.of(row)
    if (row === undefined || allocation === null || allocation.deadline === null) return
    const { contractor: contractor_id, deadline } = allocation
    const lead_id = leads.id(row)
    emit({ type: 'lead.deadline_missed', campaign_id, lead_id, at, contractor_id, deadline })
  }
}
