// Target: an engine that bad input is sent to. What is wrong is refused by a clear error that names the field,
// changes nothing, and leaves the connection it came by as able as before.

import assert from 'node:assert/strict'
import { jetstreamManager } from '@nats-io/jetstream'
import { headers } from 'nats'
import { unpack } from '../../actors/protocol/codec.ts'
import { BUDGET_HEADER, type Service } from '../../actors/protocol/subjects.ts'
import type { Answer } from '../support/cluster.ts'
import { Engine } from './engine.ts'

/** Campaign 4 with leads 1 and 2, one of them held by an open award. */
export class Target implements AsyncDisposable {
  readonly engine: Engine
  /** The open award, made before anything bad is sent. */
  readonly held: Answer

  private constructor(engine: Engine, held: Answer) {
    this.engine = engine
    this.held = held
  }

  static async start(): Promise<Target> {
    const engine = await Engine.start()
    await engine.put(4, { lease: { ttl_s: 7200 } })
    await engine.accept([engine.lead(1, 4), engine.lead(2, 4)])
    return new Target(engine, await engine.award([4]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]()
  }

  /** Sends something bad; afterwards all is as before, and whoever asks is served. */
  async unharmed<T>(send: () => Promise<T>): Promise<T> {
    const before = await this.#state()
    const answer = await send()
    assert.deepEqual(await this.#state(), before)
    const { type } = await this.engine.call('lead.show', { campaign_id: 4, lead_id: 1 })
    assert.equal(type, 'lead')
    for (const member of this.engine.cluster.members) {
      assert.ok(member.running, `${member.id} runs`)
    }
    return answer
  }

  /** Bytes to a subject as they are, and the answer in whichever encoding it comes. */
  async raw(service: Service, bytes: Uint8Array | string, budget = '5000'): Promise<Answer> {
    const header = headers()
    header.set(BUDGET_HEADER, budget)
    const options = { timeout: 10_000, headers: header }
    const { data } = await this.engine.cluster.nc.request(service, bytes, options)
    return data[0] === 0x7b ? JSON.parse(Buffer.from(data).toString()) : unpack<Answer>(data)
  }

  /** The campaign, its leads, and how far every log that takes input has come. */
  async #state(): Promise<unknown> {
    const { engine } = this
    const jsm = await jetstreamManager(engine.cluster.nc)
    const sequences: { [stream: string]: number } = {}
    for (const stream of ['EVENTS', 'INBOX', 'KV_jobs', 'OBJ_imports']) {
      sequences[stream] = (await jsm.streams.info(stream)).state.last_seq
    }
    const { campaigns } = await engine.call('campaign.list', {})
    // Only its age moves while nothing is applied.
    for (const campaign of campaigns) delete campaign.oldest_live_age_s
    const leads = [await engine.show(4, 1), await engine.show(4, 2)]
    // What it would score is of the instant it is asked.
    for (const lead of leads) delete lead.waiting
    return { sequences, campaigns, leads }
  }
}

/** A fault that says which field is wrong and what to do; '' for the body itself, undefined for none of it. */
export function assertClear(
  fault: { message: string; path?: string },
  path: string | undefined,
): void {
  assert.equal(fault.path, path, fault.message)
  // The message alone must do for who sees no path, and it says more than that something is wrong.
  const subject = path === undefined ? '' : path === '' ? 'body: ' : `${path}: `
  assert.ok(fault.message.startsWith(subject), fault.message)
  assert.ok(fault.message.length >= subject.length + 10, fault.message)
  assert.doesNotMatch(fault.message, /undefined|\[object|Error:|\bat .*:\d+/)
}

export const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
export const campaigns = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
/** Settings of the target's campaign. */
export const settings = (more: object) => ({ campaign_id: 4, customer_id: 55, ...more })
export const hours = (from: string, to: string, days: unknown = [1]) =>
  settings({ hours: [{ days, from, to }] })
