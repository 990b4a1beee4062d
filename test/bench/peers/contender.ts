// Contender: whoever does the work, ours and the peers alike, as a run sees it.
//
//   C1. A claim that was answered is recorded, and on disk as far as `durable` says.
//   C2. A contender keeps its own leads; a run tells it which to take in, and checks what it gives.
//   C3. Each is set up as its own documentation advises for this work, and says how.

import type { Batch } from '../work.ts'

/** What a client process needs to know to ask a contender. */
export type DriverOrder =
  | { kind: 'nats'; url: string; subject: string }
  | { kind: 'redis'; port: number }
  | { kind: 'postgres'; port: number; connections: number }
  | { kind: 'bullmq'; port: number; campaigns: number }

export interface Contender extends AsyncDisposable {
  readonly driver: DriverOrder
  /** How it runs, as its own server tells it where it can. */
  settings(): Promise<Record<string, string>>
  /** Takes leads in; they may be claimed when it resolves. */
  fill(batches: readonly Batch[]): Promise<void>
  /** Does now what it would otherwise do in the turn of another. */
  settle(): Promise<void>
}

export interface World {
  campaigns: number
  shards: number
  hosts: number
}

export interface ContenderKind {
  readonly label: string
  /** What it does for a claim. */
  readonly does: string
  /** What an answered claim has outlived when the power fails. */
  readonly durable: string
  /** What it leaves undone of what ours does, as a sentence; null where there is nothing to say. */
  readonly lacks: string | null
  /** False for responders that do no work. */
  readonly hasLeads: boolean
  /** Why it cannot run here, and the cure; null when it can. */
  missing(): string | null
  start(world: World): Promise<Contender>
}

/** What a driver got for one request. */
export interface Taken {
  /** `award` for a lead, `done` of a responder without leads, else why there is none. */
  type: string
  campaign?: number
  id?: number
}

/** A connected client of a contender. */
export interface Driver {
  claim(campaigns: readonly number[]): Promise<Taken>
  close(): Promise<void>
}
