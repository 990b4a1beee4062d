// Owners' ingest: an import's leads go to their owners from here, as a gateway would send them. Rows of
// a file are then read, and what that leaves behind is collected, in no process that serves calls.
//
//   OI1. A batch that takes long is a sign that its owner makes room for calls: the next is read in
//        slices, with rests between.
//   OI2. What a gateway refuses for want of room in the log is refused here as well (AR1).

import type { Reply } from '../protocol/replies.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Config } from '../runtime/config.ts'
import { Hosts } from '../runtime/hosts.ts'
import { IngestDesk } from '../runtime/ingest-desk.ts'
import type { Log } from '../runtime/log.ts'
import { LogRoom } from '../runtime/log-room.ts'
import type { Link } from '../runtime/nats.ts'
import { Router } from '../runtime/router.ts'
import { Vault } from '../runtime/vault.ts'
import type { Ingest } from './ingest.ts'
import { isSlow } from './lane.ts'

/**
 * For one batch, ms; a part of it is for the owner, the rest for the inbox. An owner that makes room for
 * calls takes seconds for the first batches, and one that is given up on too soon is behind from then on.
 */
const BUDGET_MS = 20_000
const NO_ROOM: Reply = { type: 'overloaded', retry_after_ms: 30_000, reason: 'log_full' }

export interface OwnersIngestOptions {
  link: Link
  config: Pick<Config, 'country'>
  shards: number
  clock: Clock
  log: Log
}

export class OwnersIngest {
  readonly #desk: IngestDesk
  readonly #room: LogRoom
  readonly #hosts: Hosts
  readonly #vault: Vault
  #slow = false

  private constructor(
    { link, config, shards, log }: OwnersIngestOptions,
    hosts: Hosts,
    vault: Vault,
  ) {
    const router = new Router(link, hosts, shards)
    this.#desk = new IngestDesk({
      router,
      link,
      vault,
      country: config.country,
      log,
      sealer: vault,
      patient: true,
    })
    this.#room = new LogRoom({ link, log })
    this.#hosts = hosts
    this.#vault = vault
  }

  static async open(options: OwnersIngestOptions): Promise<OwnersIngest> {
    const { link, log, clock } = options
    const vault = await Vault.open(link)
    const owners = new OwnersIngest(options, await Hosts.open(link, log, clock), vault)
    await owners.#room.look()
    return owners
  }

  readonly ingest: Ingest = async (leads) => {
    if (this.#room.level() !== 'ample') return NO_ROOM
    if (this.#slow) this.#desk.calls.note()
    const began = performance.now()
    try {
      return await this.#desk.ingest(leads, BUDGET_MS)
    } finally {
      this.#slow = isSlow(performance.now() - began, leads.length)
    }
  }

  stop(): void {
    this.#room.stop()
    this.#hosts.stop()
    this.#vault.close()
  }
}
