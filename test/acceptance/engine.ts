// Engine: a cluster of real processes as acceptance runs see it: NATS, HTTP and the CLI of the
// contract, and a clock that can be set.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { Encoding } from '../../actors/protocol/codec.ts'
import type { Service } from '../../actors/protocol/subjects.ts'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { programArguments } from '../support/bundles.ts'
import {
  type Answer,
  aLead,
  Cluster,
  type ClusterOptions,
  openCampaign,
} from '../support/cluster.ts'
import { until } from '../support/until.ts'

/** The checklist's test instant: a Monday, 11:30 in India. */
export const T0 = Date.parse('2026-01-05T06:00:00.000Z')
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

const PATIENCE_MS = 5000

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

export interface Responded {
  status: number
  headers: Headers
  /** The parsed JSON, or the text where it is none. */
  /** As a caller outside has it, parsed and not yet believed. */
  body: ReturnType<JSON['parse']>
}

export interface HttpRequest {
  body?: unknown
  headers?: { [name: string]: string }
}

export class Engine implements AsyncDisposable {
  readonly cluster: Cluster
  #offsetMs: number

  private constructor(cluster: Cluster, offsetMs: number) {
    this.cluster = cluster
    this.#offsetMs = offsetMs
  }

  /** Starts the processes; their clocks begin at `at`, by default at the true time. */
  static async start({ at, ...options }: ClusterOptions & { at?: number } = {}): Promise<Engine> {
    const offsetMs = at === undefined ? 0 : at - Date.now()
    const env = { ...options.env, LEADBID_CLOCK_OFFSET_MS: String(offsetMs) }
    return new Engine(await Cluster.start({ ...options, env }), offsetMs)
  }

  /** The processes' time. */
  now(): number {
    return Date.now() + this.#offsetMs
  }

  /** Starts every process anew with its clock at `at`; a restart of everything on the way. */
  async travel(at: number): Promise<void> {
    const { members } = this.cluster
    await Promise.all(members.map((member) => member.stop()))
    this.#offsetMs = at - Date.now()
    for (const member of members) {
      member.restart({ LEADBID_CLOCK_OFFSET_MS: String(this.#offsetMs) })
    }
    await this.cluster.ready()
  }

  /** One request of the contract, with more patience than a busy machine can use up. */
  async call(service: Service, body: unknown, encoding: Encoding = 'json'): Promise<Answer> {
    return await this.cluster.call(service, body, { budgetMs: PATIENCE_MS, encoding })
  }

  /** Puts a campaign that is open around the clock. */
  async put(campaign_id: number, more: object = {}): Promise<Answer> {
    const answer = await this.call('campaign.put', openCampaign(campaign_id, more))
    assert.equal(answer.type, 'campaign', JSON.stringify(answer))
    return answer
  }

  /** Sends leads, all of which must be new, and waits until they are in. */
  async accept(leads: readonly object[]): Promise<void> {
    const answer = await this.call('lead.ingest', { leads })
    const { accepted, queued = 0 } = answer
    assert.equal(accepted + queued, leads.length, JSON.stringify(answer))
    // While hosts share out their shards an owner may be away: what is queued is soon in.
    if (queued > 0) for (const lead of leads) await this.#known(lead)
  }

  async #known(lead: { id?: number; campaign_id?: number }): Promise<void> {
    const { id: lead_id, campaign_id } = lead
    await until(
      async () => (await this.call('lead.show', { campaign_id, lead_id })).type === 'lead',
      `queued lead ${campaign_id}/${lead_id} to be in`,
    )
  }

  /** A live lead that has just come in, by the processes' clock. */
  lead(id: number, campaign_id: number, more: object = {}): object {
    return aLead(id, campaign_id, { created_at: iso(this.now()), ...more })
  }

  /** Asks for the next lead, which there must be. */
  async award(request: unknown): Promise<Answer> {
    const answer = await this.call('lead.next', request)
    assert.equal(answer.type, 'award', JSON.stringify(answer))
    return answer
  }

  /** Asks for the next lead, which there must not be. */
  async noLead(request: unknown): Promise<Answer> {
    const answer = await this.call('lead.next', request)
    assert.equal(answer.type, 'no_lead', JSON.stringify(answer))
    return answer
  }

  /** Asks and closes until no lead is left: the order in which leads are called. */
  async drain(campaign_ids: readonly number[]): Promise<number[]> {
    const order: number[] = []
    for (;;) {
      const answer = await this.call('lead.next', campaign_ids)
      if (answer.type !== 'award') {
        assert.equal(answer.type, 'no_lead', JSON.stringify(answer))
        return order
      }
      order.push(answer.lead_id)
      await this.dispose(answer, 'converted')
    }
  }

  async dispose(award: Answer, code: string, more: object = {}): Promise<Answer> {
    const { award_id } = award
    const answer = await this.call('lead.disposition', { award_id, code, ...more })
    assert.equal(answer.type, 'recorded', JSON.stringify(answer))
    return answer
  }

  async show(campaign_id: number, lead_id: number): Promise<Answer> {
    const answer = await this.call('lead.show', { campaign_id, lead_id })
    assert.equal(answer.type, 'lead', JSON.stringify(answer))
    return answer
  }

  /** The first gateway's address. */
  get url(): string {
    const port = this.cluster.member('g1').started?.http
    assert.ok(port, 'the gateway has started')
    return `http://127.0.0.1:${port}`
  }

  async http(
    method: string,
    path: string,
    { body, headers }: HttpRequest = {},
  ): Promise<Responded> {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: jsonOr(text) }
  }

  /** Runs `leadbid` as a process of its own; `node` are flags of node's. */
  async cli(args: readonly string[], node: readonly string[] = []): Promise<Ran> {
    const program = programArguments('gateway/cli/leadbid.mjs')
    const child = spawn(process.execPath, [...node, ...program, ...args], {
      cwd: PROJECT_DIR,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        LEADBID_NATS_URL: this.cluster.server.url,
        LEADBID_DATA_DIR: this.cluster.server.dataDir,
        LEADBID_LOG_LEVEL: 'silent',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return { code, stdout, stderr }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]()
  }
}

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/** The events of one type in a lead's timeline. */
export function eventsOf(shown: Answer, type: string): Answer[] {
  return shown.timeline.filter((event: Answer) => (event.type as string) === type)
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // The status page and metrics are no JSON.
  }
}
