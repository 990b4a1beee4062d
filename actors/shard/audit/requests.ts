// Requests: one award a request id, in the whole log (I10). A request names campaigns of many
// shards, so no shard alone can tell.

import type { LeadAwarded } from '../../protocol/events.ts'
import type { Record } from '../../protocol/record.ts'
import type { Findings } from './findings.ts'

/** The contract's promise: so long does the same request get the same award. */
const SAME_AWARD_MS = 10 * 60_000
/** Kept longer by the records' clocks, for hosts' clocks differ and a campaign's never runs back. */
const KEPT_MS = 20 * 60_000
/** Memory's bound; a shard remembers 250,000. */
const KEPT_MAX = 1_000_000

interface Answered {
  award: string
  at: number
  body: number
  recordAt: number
}

export class Requests {
  readonly #answered = new Map<string, Answered>()
  readonly #findings: Findings

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Takes the next record of the whole stream, in the order of its sequence. */
  follow(record: Record, seq: number): void {
    this.#findings.at(record.shard, seq)
    for (const event of record.events) {
      this.#findings.on(event)
      if (event.type === 'lead.awarded' && event.request_id !== null) {
        this.#award(event.request_id, event, record.at)
      }
    }
    for (const [request, { recordAt }] of this.#answered) {
      if (recordAt > record.at - KEPT_MS && this.#answered.size <= KEPT_MAX) break
      this.#answered.delete(request)
    }
  }

  #award(request: string, { award_id, at, body }: LeadAwarded, recordAt: number): void {
    const before = this.#answered.get(request)
    const again = before !== undefined && Math.abs(at - before.at) < SAME_AWARD_MS
    this.#findings.check('I10', !again, () => {
      const same = body === before?.body ? 'the same' : 'another'
      return `request ${request} (${same} body) got ${award_id} after ${before?.award}`
    })
    this.#answered.delete(request)
    this.#answered.set(request, { award: award_id, at, body, recordAt })
  }
}
