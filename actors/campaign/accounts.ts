// Accounts: what a campaign's leads come to in their outcomes: the last disposition, the best of the
// cycle and the one that stands; promises and what was paid of them; attempts that await theirs.
//
//   AC1. The same for every channel: a field visit's outcome counts as a call's does (D6).
//   AC2. Protected before resolved before standing before last: a promise is in effect until it is
//        kept or broken, whatever was reported since.

import type { AccountShown, DispositionShown } from '../protocol/account.ts'
import type { BUCKET_BY } from '../protocol/allocation.ts'
import {
  type Channel,
  DICTIONARY_1,
  type Group,
  type Standard,
  UNMAPPED,
} from '../protocol/dispositions.ts'
import type { LeadDisposed, LeadEvent, LeadPaid, LeadPromiseBroken } from '../protocol/events.ts'
import type { ContractorId } from '../protocol/ids.ts'
import { formatTime } from '../protocol/time.ts'
import { Attempts, type AttemptsImage } from './attempts.ts'
import type { Campaign } from './campaign.ts'
import { Dictionary } from './dictionary.ts'
import { cutOfGrowing, cutOfMap, type ListCut } from './list-cut.ts'
import { MinHeap } from './min-heap.ts'
import { Payments, type PaymentsImage } from './payments.ts'
import { UnmappedCodes, type UnmappedImage } from './unmapped-codes.ts'

/** A promise that is neither kept nor broken. */
export interface Promised {
  amount: number | null
  /** The end of the day it was promised for. */
  until: number
  /** Paid since it was made. */
  paid: number
  /** When it was made: what was paid before was no part of it. */
  since: number
  /** Who it was made to. */
  to: ContractorId | null
  /** Its disposition, as rows keep it: once it ends that stands no longer. */
  key: number
}

export interface AccountsImage {
  dispositions: string[]
  promises: [row: number, promise: Promised][]
  paid: [row: number, amount: number][]
  payments: PaymentsImage
  /** Attempts without an award: what each was disposed as, null before it was. */
  attempts: AttemptsImage
  unmapped: UnmappedImage
  /** Repeated in a row by leads whose disposition is held after so many. */
  repeats: [row: number, times: number][]
}

/** Those of its lists that grow with the leads. */
export type AccountsLists = Omit<AccountsImage, 'unmapped'>

export class Accounts {
  readonly #campaign: Campaign
  /** Dispositions as texts; rows keep their codes. */
  readonly #dispositions = new Dictionary()
  /** The same read: a bucket asks every lead's, and there are few. */
  readonly #parsed = new Map<number, DispositionShown>()
  readonly promises = new Map<number, Promised>()
  readonly #paid = new Map<number, number>()
  /** Payments that were booked. */
  readonly payments = new Payments()
  /** Attempts without an award, and what each came to. */
  readonly attempts = new Attempts()
  readonly unmapped = new UnmappedCodes()
  readonly #repeats = new Map<number, number>()
  readonly #promiseEnds = new MinHeap()

  constructor(campaign: Campaign) {
    this.#campaign = campaign
  }

  /** Whether no attempt has had an outcome, and nothing was paid. */
  get isEmpty(): boolean {
    return (
      this.#dispositions.texts().length === 0 &&
      this.attempts.size === 0 &&
      this.payments.size === 0
    )
  }

  apply(row: number, event: LeadEvent): void {
    switch (event.type) {
      case 'lead.attempted':
        this.attempts.begun(event.attempt_id)
        break
      case 'lead.disposed':
        this.#disposed(row, event)
        break
      case 'lead.paid':
        this.#paidIn(row, event)
        break
      case 'lead.promise_broken':
        this.#broken(row, event)
        break
      case 'lead.restored':
        this.#awaitPromise(row)
        break
      case 'lead.released':
        // What held it was looked at: counting begins anew.
        this.#repeats.set(row, 0)
        this.#campaign.leads.columns.standing[row] = 0
        break
      default:
    }
  }

  paid(row: number): number {
    return this.#paid.get(row) ?? 0
  }

  /** How often in a row a lead was disposed as `code`. */
  timesInARow(row: number, code: string): number {
    return this.codeOf(row, 'last') === code ? (this.#repeats.get(row) ?? 1) : 0
  }

  /** The standard code of a lead's disposition, null where it has none. */
  codeOf(row: number, by: (typeof BUCKET_BY)[number]): string | null {
    return this.#shown(row, by)?.standard ?? null
  }

  /** What a lead's attempts came to; nothing where nobody made one. */
  shown(row: number): Partial<AccountShown> {
    const last = this.#shown(row, 'last')
    const best = this.#shown(row, 'best')
    const effective = this.#shown(row, 'effective')
    const shown: Partial<AccountShown> = {}
    if (last !== null && best !== null && effective !== null) {
      shown.dispositions = { last, best, effective }
    }
    const promise = this.promises.get(row)
    if (promise !== undefined) {
      const { amount, until } = promise
      const follow_up = formatTime(this.#campaign.leads.columns.dueAt[row] as number)
      shown.promise = {
        ...(amount === null ? {} : { amount }),
        until: formatTime(until),
        follow_up,
      }
    }
    const paid = this.#paid.get(row)
    if (paid !== undefined) shown.paid = paid
    return shown
  }

  /** When the next promise ends, Infinity when there is none. */
  nextPromiseEnd(): number {
    while (this.#promiseEnds.size > 0) {
      const until = this.#promiseEnds.peek()
      if (this.promises.get(this.#promiseEnds.peekRow())?.until === until) return until
      this.#promiseEnds.pop()
    }
    return Number.POSITIVE_INFINITY
  }

  /** The row whose promise ends next; ask `nextPromiseEnd` first. */
  nextPromiseRow(): number {
    return this.#promiseEnds.peekRow()
  }

  /** Sets a promise's end aside that cannot be decided now, until the campaign is made anew. */
  skipPromiseEnd(): void {
    this.#promiseEnds.pop()
  }

  /** The best disposition is one of a cycle's: another cycle begins with none. */
  newCycle(): void {
    this.#campaign.leads.table.clear('best')
  }

  rebuild(): void {
    this.#promiseEnds.clear()
    for (const [row, { until }] of this.promises) this.#promiseEnds.append(until, row)
    this.#promiseEnds.order()
  }

  /** All but the lists that grow with the leads. */
  image(): Pick<AccountsImage, 'unmapped'> {
    return { unmapped: this.unmapped.image() }
  }

  /** Those lists as they are now. */
  lists(): { [L in keyof AccountsLists]: ListCut<AccountsLists[L][number]> } {
    return {
      dispositions: cutOfGrowing(this.#dispositions.texts(), (text) => text),
      promises: cutOfMap(this.promises, (row, promise) => [row, promise]),
      paid: cutOfMap(this.#paid, (row, amount) => [row, amount]),
      payments: this.payments.cut(),
      attempts: this.attempts.cut(),
      repeats: cutOfMap(this.#repeats, (row, times) => [row, times]),
    }
  }

  /** Adds what a snapshot holds, or some of it; `rebuild` when all of it is there. */
  load(image: { readonly [L in keyof AccountsImage]?: readonly AccountsImage[L][number][] }): void {
    this.#dispositions.load(image.dispositions ?? [])
    for (const [row, promise] of image.promises ?? []) this.promises.set(row, { ...promise })
    for (const [row, amount] of image.paid ?? []) this.#paid.set(row, amount)
    this.payments.load(image.payments ?? [])
    this.attempts.load(image.attempts ?? [])
    this.unmapped.load(image.unmapped ?? [])
    for (const [row, times] of image.repeats ?? []) this.#repeats.set(row, times)
  }

  #disposed(row: number, event: LeadDisposed): void {
    const { as } = event
    // One of before there were standard ones counts for no account, behind a snapshot or not (I7).
    if (as === undefined) return
    const { code, channel, at, attempt_id, promise } = event
    if (attempt_id !== undefined) this.attempts.disposed(attempt_id, event)
    // Columns hold 65,535 dispositions: what a channel makes up must not use them up.
    const counted = as.code === UNMAPPED ? this.unmapped.count(channel, code, at) : code
    this.#countRepeat(row, as)
    this.#note(row, { code: counted, channel, as }, event.kept !== true)
    // Beside a call, or of a promise that goes on: what stands is for another outcome to end.
    if (event.kept === true) return
    if (promise !== undefined) {
      const to = event.contractor_id ?? null
      const key = this.#campaign.leads.columns.last[row] as number
      this.#promise(row, { ...promise, since: at, paid: 0, to, key })
    } else if (as.effect !== 'none' && as.effect !== 'again' && as.rpc) {
      // Who promised says something else now; what a third party says ends nothing.
      if (!stands(as)) this.#clearStanding(row)
    }
  }

  #note(
    row: number,
    { code, channel, as }: { code: string; channel: Channel; as: Standard },
    counts = true,
  ): void {
    const { last, known, best, standing } = this.#campaign.leads.columns
    const { code: standard, rank, version, group } = as
    const key = this.#dispositions.code(
      JSON.stringify([code, standard, channel, rank, version, group]),
    )
    last[row] = key
    if (as.code === UNMAPPED) return
    known[row] = key
    const before = this.#parse(best[row] as number)
    if (before === null || rank <= before.rank) best[row] = key
    const stood = this.#parse(standing[row] as number)
    if (counts && stands(as) && precedence(group) >= precedence(stood?.group)) standing[row] = key
  }

  #paidIn(row: number, event: LeadPaid): void {
    const { amount, kept, closes, amount_due } = event
    this.payments.booked(row, event)
    this.#paid.set(row, this.paid(row) + amount)
    if (amount_due !== null) this.#campaign.leads.columns.amountDue[row] = amount_due
    const promise = this.promises.get(row)
    if (kept !== undefined || closes) this.#endPromise(row)
    else if (promise !== undefined)
      this.promises.set(row, { ...promise, paid: promise.paid + amount })
    const code = closes ? 'PAID' : 'PPAID'
    this.#note(row, { code, channel: 'debit', as: DICTIONARY_1.standard('debit', code) })
  }

  #broken(row: number, { as }: LeadPromiseBroken): void {
    this.#endPromise(row)
    this.#note(row, { code: as.code, channel: 'call', as })
  }

  #promise(row: number, promise: Promised): void {
    this.promises.set(row, promise)
    this.#awaitPromise(row)
  }

  #awaitPromise(row: number): void {
    const promise = this.promises.get(row)
    if (promise !== undefined) this.#promiseEnds.push(promise.until, row)
  }

  /** What came after it, a dispute or a death, stands on. */
  #endPromise(row: number): void {
    const { standing } = this.#campaign.leads.columns
    if (standing[row] === this.promises.get(row)?.key) standing[row] = 0
    this.promises.delete(row)
  }

  #clearStanding(row: number): void {
    this.promises.delete(row)
    this.#campaign.leads.columns.standing[row] = 0
  }

  #countRepeat(row: number, { code }: Standard): void {
    const times = this.timesInARow(row, code) + 1
    // One time is what a row has without an entry.
    if (times > 1) this.#repeats.set(row, times)
    else this.#repeats.delete(row)
  }

  #shown(row: number, by: (typeof BUCKET_BY)[number]): DispositionShown | null {
    const { last, known, best, standing } = this.#campaign.leads.columns
    if (by === 'last') return this.#parse(last[row] as number)
    if (by === 'best') return this.#parse(best[row] as number)
    const stood = this.#parse(standing[row] as number) ?? this.#parse(known[row] as number)
    return stood ?? this.#parse(last[row] as number)
  }

  #parse(key: number): DispositionShown | null {
    const parsed = this.#parsed.get(key)
    if (parsed !== undefined) return parsed
    const text = this.#dispositions.text(key)
    if (text === null) return null
    const [code, standard, channel, rank, version, group] = JSON.parse(text)
    const shown: DispositionShown = { code, standard, channel, rank, version, group }
    this.#parsed.set(key, shown)
    return shown
  }
}

/** Which of two standing dispositions is in effect (AC2). */
function precedence(group: Group | undefined): number {
  if (group === 'protected') return 3
  if (group === 'resolved') return 2
  return group === undefined ? 0 : 1
}

/** Whether a disposition is in effect until something ends it. */
function stands({ effect, group }: Standard): boolean {
  return effect === 'promise' || effect === 'hold' || group === 'protected' || group === 'resolved'
}
