// Floor agents: who of a floor is idle, has a call, or writes up the last one.

import type { ContractorId } from '../protocol/ids.ts'

/** An agent's own last word. */
export interface Seen {
  id: ContractorId
  idle: boolean
  /** When it was said. */
  at: number
}

interface Agent {
  /** `away`: at work, and not waiting for a call. */
  state: 'idle' | 'call' | 'away'
  /** When it was said, or when the call began or ended. */
  since: number
  /** Has said since the call began that he is busy. */
  saidBusy: boolean
  /** Not tagged or not at work any more; stays until the call is over (DF4). */
  left: boolean
}

export class FloorAgents {
  /** As many as presence holds. */
  readonly #agents = new Map<ContractorId, Agent>()

  /**
   * Takes over who is there; `seen` is everybody, and once. Returns who was busy with a call and says
   * to be idle again: nobody knows better that it is over.
   */
  staff(seen: readonly Seen[]): ContractorId[] {
    const here = new Set<ContractorId>()
    const done: ContractorId[] = []
    for (const { id, idle, at } of seen) {
      here.add(id)
      const agent = this.#agents.get(id)
      if (agent === undefined) {
        const state = idle ? 'idle' : 'away'
        this.#agents.set(id, { state, since: at, saidBusy: false, left: false })
        continue
      }
      agent.left = false
      if (agent.state === 'call') {
        // He was idle when the call was given to him: a word that says otherwise came after that one.
        if (!idle) agent.saidBusy = true
        if (!idle || !agent.saidBusy) continue
        done.push(id)
      }
      // Said before the last call was over, it is no word about now (DF5).
      const state = idle && (agent.state === 'idle' || at > agent.since) ? 'idle' : 'away'
      if (state === agent.state) continue
      agent.state = state
      agent.since = at
    }
    for (const [id, agent] of this.#agents) {
      if (here.has(id)) continue
      if (agent.state === 'call') agent.left = true
      else this.#agents.delete(id)
    }
    return done
  }

  /** Gives a call to who has been idle longest, the first that came among equals; null: nobody is. */
  take(now: number): ContractorId | null {
    let longest: [ContractorId, Agent] | null = null
    for (const entry of this.#agents) {
      if (entry[1].state !== 'idle') continue
      if (longest === null || entry[1].since < longest[1].since) longest = entry
    }
    if (longest === null) return null
    Object.assign(longest[1], { state: 'call', since: now, saidBusy: false })
    return longest[0]
  }

  /** The call is over; what is left to write up is the agent's, until a new word of his. */
  freed(id: ContractorId, now: number): void {
    const agent = this.#agents.get(id)
    if (agent === undefined) return
    if (agent.left) this.#agents.delete(id)
    else Object.assign(agent, { state: 'away', since: now })
  }

  /** At work for this floor. */
  get agents(): number {
    return this.#count((agent) => !agent.left)
  }

  get idle(): number {
    return this.#count((agent) => agent.state === 'idle')
  }

  #count(which: (agent: Agent) => boolean): number {
    let count = 0
    for (const agent of this.#agents.values()) if (which(agent)) count++
    return count
  }
}
