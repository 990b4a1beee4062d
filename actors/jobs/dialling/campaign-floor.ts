// Campaign floor: one campaign's dialling floor, and what has to be done about its lines.
//
//   CF1. A line is placed for an award that was confirmed a moment ago, and for no other.
//   CF2. Every award taken here ends: disposed by what the dialer told, given to an agent, or failed
//        by us. What cannot be told to the engine lapses with its lease.
//   CF3. A dialer that does not place calls is tried with one lead now and then, not with the list.

import { randomUUID } from 'node:crypto'
import { DiallingFloor, type Happened, type LineState } from '../../collections/dialling-floor.ts'
import type { Seen } from '../../collections/floor-agents.ts'
import { ceilingOf } from '../../policy/pacing.ts'
import { answerRate, callsOf, type PacingRecord } from '../../policy/pacing-record.ts'
import {
  ABANDONED_CODE,
  type AgentMessage,
  agentCallSubject,
  CODE_OF,
  type DialerEvent,
  type FloorShown,
} from '../../protocol/dialling.ts'
import type { CampaignId, ContractorId } from '../../protocol/ids.ts'
import type { Award } from '../../protocol/replies.ts'
import { parseTime } from '../../protocol/time.ts'
import { type Clock, sleep } from '../../runtime/clock.ts'
import type { DialerPort } from '../../runtime/dialer-port.ts'
import type { Log } from '../../runtime/log.ts'
import type { LeadServices } from './lead-services.ts'

/** How long nothing is placed after the dialer refused a call, and then one at a time, ms. */
const DIALER_PAUSE_MS = 5000
/** How long the last dispositions are waited for; what is not told by then lapses, ms. */
const CLOSE_MS = 5000

/** What a call is disposed with that the dialer told nothing more of, by where it stood. */
const OVERDUE_CODE = {
  placing: CODE_OF.failed,
  ringing: CODE_OF.no_answer,
  waiting: ABANDONED_CODE,
} as const

export interface FloorPorts {
  clock: Clock
  log: Log
  leads: LeadServices
  dialer: DialerPort
  /** Tells an agent's app. */
  tell: (subject: string, message: object) => void
}

interface Placed {
  award: Award
  /** When the lease is to be extended. */
  extendAt: number
}

export class CampaignFloor {
  readonly campaign: CampaignId
  readonly #ports: FloorPorts
  readonly #floor: DiallingFloor
  /** Awards under way; as many as there are lines. */
  readonly #placed = new Map<string, Placed>()
  readonly #working = new Set<Promise<void>>()
  /** Nothing is placed before. */
  #pausedUntil = 0
  /** The dialer took the last call it was asked to place. */
  #dialerProven = false
  #dry = false
  #closed = false

  constructor(campaign: CampaignId, record: PacingRecord, ports: FloorPorts) {
    this.campaign = campaign
    this.#ports = ports
    this.#floor = new DiallingFloor(record)
  }

  get record(): PacingRecord {
    return this.#floor.record
  }

  /** The campaign had no lead to call when it was last asked, and is not asked again yet. */
  get dry(): boolean {
    return this.#dry && this.#now() < this.#pausedUntil
  }

  has(call: string): boolean {
    return this.#floor.line(call) !== undefined
  }

  /** Whether nothing is under way. */
  get quiet(): boolean {
    return this.#floor.lines().length === 0 && this.#working.size === 0
  }

  /** Agents with a call of this floor. */
  onCall(): ContractorId[] {
    return this.#floor
      .lines()
      .map(({ agent }) => agent)
      .filter((agent) => agent !== null)
  }

  /** One look: who is there, what is over, what to place. `open`: whether it is still dialled. */
  tick(seen: readonly Seen[], open: boolean): void {
    const now = this.#now()
    this.#settle(this.#floor.staff(seen, now))
    this.#settle(this.#floor.tick(now))
    for (const [call, placed] of this.#placed) {
      if (now >= placed.extendAt) this.#do(this.#extend(call, placed))
    }
    if (!open || this.#closed || now < this.#pausedUntil) return
    const wanted = this.#floor.wanted(now)
    const { ringing } = this.#floor.counts()
    const most = this.#dialerProven ? wanted : Math.max(0, 1 - ringing)
    for (let n = Math.min(wanted, most); n > 0; n--) this.#do(this.#place())
  }

  /** What the dialer told of one of its calls. */
  heard({ call_id: call, event }: DialerEvent): void {
    const now = this.#now()
    if (event === 'ringing') this.#floor.rings(call, now)
    else if (event === 'answered') this.#settle(this.#floor.answered(call, now))
    else if (event === 'ended' || this.#isLive(call)) this.#ended(call, now)
    else {
      this.#floor.unanswered(call, 'unanswered', now)
      this.#dispose(call, CODE_OF[event])
    }
  }

  shown(): FloorShown {
    const { agents, idle, ringing, live } = this.#floor.counts()
    const { answered, abandoned } = callsOf(this.record, this.#now())
    return {
      campaign_id: this.campaign,
      agents,
      idle,
      ceiling: ceilingOf(agents),
      lines: ringing + live,
      ringing,
      live,
      answer_rate: answerRate(this.record),
      answered,
      abandoned,
      abandoned_share: answered === 0 ? null : abandoned / answered,
    }
  }

  /** Places no more, and gives up what rings; calls with an agent go on without it. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { call, state } of this.#floor.lines()) {
      if (state !== 'talking' && this.#placed.has(call)) this.#giveUp(call, CODE_OF.failed)
    }
    await Promise.race([Promise.allSettled(this.#working), sleep(CLOSE_MS)])
  }

  async #place(): Promise<void> {
    const request = randomUUID()
    this.#floor.place(request, this.#now())
    const next = await this.#ports.leads.next(this.campaign, request)
    this.#dry = next.type === 'none'
    if (next.type === 'none') return this.#notPlaced(request, next.retryAfterMs)
    const { award } = next
    const call = award.award_id
    this.#floor.rename(request, call)
    const { phone } = award.lead
    if (phone === undefined) {
      this.#notPlaced(call)
      this.#ports.log.warn({ campaignId: this.campaign }, 'lead without a phone number skipped')
      await this.#ports.leads.skip(call, 'no phone number')
      return
    }
    const confirmed = await this.#ports.leads.confirm(call)
    // Refused for good, or not known: who has not heard a yes does not dial.
    if (confirmed?.type !== 'confirmed') return this.#notPlaced(call)
    this.#placed.set(call, { award, extendAt: this.#halfway(confirmed.lease_until) })
    if (this.#closed) return this.#giveUp(call, CODE_OF.failed)
    await this.#dial(award, phone)
  }

  async #dial(award: Award, phone: string): Promise<void> {
    const { award_id: call_id, campaign_id, lead_id } = award
    const command = { call_id, campaign_id, lead_id, contractor_id: null, phone, mode: 'pooled' }
    const answer = await this.#ports.dialer.dial({ ...command, mode: 'pooled' })
    this.#dialerProven = answer.type === 'accepted'
    // Silent: it may have placed it. Its events will tell, or the line is overdue (DF6).
    if (answer.type === 'accepted' || answer.type === 'silent') return
    // A dialer may name the number in its reason; logs must not.
    const said = answer.type === 'away' ? 'no dialer is there' : answer.reason
    const reason = said.replace(/\d{3,}/g, '…')
    this.#ports.log.warn({ campaignId: this.campaign, reason }, 'call not placed')
    this.#notPlaced(call_id, DIALER_PAUSE_MS)
    this.#dispose(call_id, CODE_OF.failed)
  }

  #notPlaced(call: string, pauseMs = 0): void {
    const now = this.#now()
    this.#floor.unanswered(call, 'not_placed', now)
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pauseMs)
  }

  #isLive(call: string): boolean {
    const state = this.#floor.line(call)?.state
    return state === 'waiting' || state === 'talking'
  }

  /** Over, or after `answered` no person's at all: a machine that was taken for one, say. */
  #ended(call: string, now: number): void {
    const state = this.#floor.line(call)?.state
    this.#settle(this.#floor.ended(call, now))
    // What an agent talked about is the agent's to dispose.
    if (state === 'talking') this.#placed.delete(call)
    else if (state === 'placing' || state === 'ringing') this.#dispose(call, CODE_OF.no_answer)
  }

  #settle(happened: readonly Happened[]): void {
    for (const what of happened) {
      if (what.type === 'connect') this.#do(this.#connect(what.call, what.agent))
      else if (what.type === 'abandon') this.#giveUp(what.call, ABANDONED_CODE)
      else this.#overdue(what.call, what.state)
    }
  }

  async #connect(call: string, agent: ContractorId): Promise<void> {
    const placed = this.#placed.get(call)
    if (placed === undefined) return
    const { award } = placed
    const of = { call_id: call, contractor_id: agent }
    // Told first: the app is to know whom its agent will hear.
    this.#tell(agent, { type: 'call', ...of, award })
    const answer = await this.#ports.dialer.connect(of)
    if (answer.type === 'accepted' || answer.type === 'silent') return
    this.#tell(agent, { type: 'call_failed', ...of })
    this.#ports.log.warn({ campaignId: this.campaign, answer: answer.type }, 'call not connected')
    this.#floor.ended(call, this.#now())
    this.#giveUp(call, CODE_OF.failed)
  }

  #tell(agent: ContractorId, message: AgentMessage<Award>): void {
    this.#ports.tell(agentCallSubject(agent), message)
  }

  #overdue(call: string, state: LineState): void {
    this.#ports.log.warn({ campaignId: this.campaign, state }, 'end of a call was not heard')
    this.#ports.dialer.hangUp(call)
    // What an agent talked about is the agent's to dispose.
    if (state === 'talking') this.#placed.delete(call)
    else this.#dispose(call, OVERDUE_CODE[state])
  }

  #giveUp(call: string, code: string): void {
    this.#ports.dialer.hangUp(call)
    this.#dispose(call, code)
  }

  /** Once: the first word on how a call ended is the one that counts. */
  #dispose(call: string, code: string): void {
    if (!this.#placed.delete(call)) return
    this.#do(
      this.#ports.leads.dispose(call, code).then((reply) => {
        if (reply?.type === 'recorded' || reply?.type === 'stale_award') return
        const said = reply?.type === 'error' ? reply.code : reply?.type
        this.#ports.log.warn({ campaignId: this.campaign, code, said }, 'call not disposed')
      }),
    )
  }

  async #extend(call: string, placed: Placed): Promise<void> {
    placed.extendAt = Number.POSITIVE_INFINITY // Not asked twice at once.
    const reply = await this.#ports.leads.extend(call)
    if (reply?.type === 'extended') placed.extendAt = this.#halfway(reply.lease_until)
    else if (reply?.type !== 'refused') placed.extendAt = this.#now() + 1000
  }

  #halfway(leaseUntil: string): number {
    const now = this.#now()
    return now + Math.max(1000, ((parseTime(leaseUntil) ?? now) - now) / 2)
  }

  #do(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        this.#ports.log.error(
          { campaignId: this.campaign, error: String(error) },
          'dialling failed',
        )
      })
      .finally(() => this.#working.delete(done))
    this.#working.add(done)
  }

  #now(): number {
    return this.#ports.clock.now()
  }
}
