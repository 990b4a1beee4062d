// Serving: I17, heals by itself. Soon after the last fault every host and gateway serves, and nothing
// waits in the inbox any more.

import { type CampaignId, shardOf } from '../../actors/protocol/ids.ts'
import type { Answer } from './history.ts'
import type { Violation } from './known.ts'
import { type Member, SHARDS, type World } from './world.ts'

const HEAL_MS = 30_000
/** What clients have asked by then is answered, or given up. */
const LAST_WORDS_MS = 5000
const PROBE_MS = 250

export class Serving {
  readonly #world: World
  readonly #campaigns: readonly number[]
  readonly #broken: readonly number[]
  readonly #serving = new Set<string>()
  #ended = false

  constructor(world: World) {
    this.#world = world
    this.#broken = world.history.brokenLogs.map(({ shard }) => shard)
    const ids = world.campaigns.map(({ id }) => id as CampaignId) // Numbers are what ids are.
    this.#campaigns = ids.filter((id) => !this.#broken.includes(shardOf(id, SHARDS)))
  }

  /** Runs on until everything serves, HEAL_MS at most. */
  async awaited(): Promise<Violation[]> {
    const { scheduler, server, members } = this.#world
    const since = scheduler.now
    scheduler.at(0, server.proc, () => this.#probe())
    const whole = () =>
      scheduler.now > since + LAST_WORDS_MS &&
      this.#serving.size === members.length &&
      this.#waiting() === 0 &&
      this.#world.mending === 0
    await scheduler.run(since + HEAL_MS, whole)
    const healed = whole()
    this.#ended = true
    if (healed) return []
    const away = members.filter(({ name }) => !this.#serving.has(name)).map(({ name }) => name)
    const why = members.flatMap((member) => this.#whyNot(member))
    const detail = `not serving: ${away.join()} (${why.join('; ')}); ${this.#waiting()} in the inbox, ${this.#world.mending} to be requeued`
    return [{ invariant: 'I17', detail }]
  }

  #waiting(): number {
    const { messages } = this.#world.server.stream('INBOX')
    const not = new Set(['in.aside', ...this.#broken.map((shard) => `in.${shard}`)])
    return [...messages.values()].filter(({ subject }) => !not.has(subject)).length
  }

  /** Why a host is not ready, but for shards whose log was broken on purpose. */
  #faults(reasons: readonly string[]): string[] {
    return reasons.filter((why) => !this.#broken.some((shard) => why.startsWith(`shard ${shard} `)))
  }

  /** Hosts say themselves whether they are ready; a gateway is asked for a lead. */
  #probe(): void {
    if (this.#ended) return
    const { scheduler, server, members } = this.#world
    for (const member of members) {
      const { proc, name, host, gateway } = member
      if (proc.state !== 'up') this.#serving.delete(name)
      else if (host !== null) {
        scheduler.at(0, proc, () => {
          if (this.#faults(host.notReady()).length === 0) this.#serving.add(name)
          else this.#serving.delete(name)
        })
      } else if (gateway !== null && !this.#serving.has(name)) {
        scheduler.at(0, proc, () => void this.#next(gateway.answer, name))
      }
    }
    scheduler.at(PROBE_MS, server.proc, () => this.#probe())
  }

  #whyNot({ host, proc }: Member): string[] {
    const { scheduler } = this.#world
    scheduler.current = proc
    const why = host?.notReady() ?? []
    scheduler.current = null
    return why
  }

  async #next(answer: NonNullable<Member['gateway']>['answer'], name: string): Promise<void> {
    const { scheduler, history } = this.#world
    const op = {
      i: history.ops.length,
      process: `probe-${name}`,
      service: 'lead.next' as const,
      body: { campaign_ids: this.#campaigns.length === 0 ? [10] : this.#campaigns },
      budgetMs: 800,
      invoked: scheduler.now,
      invokedWall: scheduler.wall,
    }
    const call = { service: op.service, body: op.body, budgetMs: 800, encoding: 'json' as const }
    const reply = await answer(call)
    // What an owner encoded is passed on as bytes.
    const said: Answer =
      reply instanceof Uint8Array ? JSON.parse(Buffer.from(reply).toString()) : reply
    const returned = { returned: scheduler.now, returnedWall: scheduler.wall }
    history.ops.push({ ...op, ...returned, answer: said })
    this.#world.trace?.(`probe ${JSON.stringify(said).slice(0, 200)}`)
    const served = said.type === 'award' || said.type === 'no_lead'
    if (served || this.#campaigns.length === 0) this.#serving.add(name)
  }
}
