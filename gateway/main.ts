// Gateway: wiring and signals, nothing else.

import { underJurisdiction } from '../actors/policy/jurisdictions.ts'
import type { ContractorId } from '../actors/protocol/ids.ts'
import { systemClock } from '../actors/runtime/clock.ts'
import { Hosts } from '../actors/runtime/hosts.ts'
import { ModelBook, ModelStore } from '../actors/runtime/model-store.ts'
import { connectNats } from '../actors/runtime/nats.ts'
import { OfficeBook } from '../actors/runtime/office-book.ts'
import { runProcess } from '../actors/runtime/process.ts'
import { tagsIn } from '../actors/runtime/roster.ts'
import { provision } from '../actors/runtime/streams.ts'
import { Vault } from '../actors/runtime/vault.ts'
import { Auction } from './auction/auction.ts'
import { Desk } from './auction/desk.ts'
import { IngestDesk } from './auction/ingest.ts'
import { startNatsFront } from './auction/nats-front.ts'
import { Router } from './auction/router.ts'
import { serveCollections } from './collections/services.ts'
import { countInFlight, createMetrics } from './http/metrics.ts'
import { startHttp } from './http/server.ts'

/** What a scrape may wait for the shards; scrapers give up after 10 s. */
const SCRAPE_BUDGET_MS = 2000

await runProcess('gateway', async (config, log) => {
  const link = await connectNats(config, 'gateway', log)
  const { shards } = await provision(link, config)
  const clock = systemClock(config.clockOffsetMs)
  const vault = await Vault.open(link)
  const hosts = await Hosts.open(link, log, clock)
  const router = new Router(link, hosts, shards)
  const book = OfficeBook.follow(link, log)
  const tagsOf = (contractor: ContractorId) => tagsIn(book, contractor)
  const auction = new Auction({ router, clock, random: Math.random, tagsOf })
  const ingest = new IngestDesk({ router, link, vault, country: config.country, log })
  const models = ModelBook.follow(await ModelStore.open(link, log))
  const { timezone, country } = config
  const hash = (text: string) => vault.hash(text)
  const collections = { router, link, log, clock, book, hash, country }
  const desk = new Desk({
    auction,
    ingest,
    router,
    models,
    timezone,
    narrow: underJurisdiction,
    log,
    dictionary: () => book.dictionary,
    more: (call, answer) => serveCollections(collections, call, answer),
  })
  const metrics = createMetrics()
  metrics.models(() => models.all())
  const answer = countInFlight(desk.answer, metrics)
  metrics.customers(async () => {
    const call = { service: 'campaign.list', body: {}, encoding: 'json' } as const
    const reply = await answer({ ...call, budgetMs: SCRAPE_BUDGET_MS })
    const told = !(reply instanceof Uint8Array) && reply.type === 'campaigns'
    return told ? (reply.customers ?? null) : null
  })
  metrics.floors(async () => {
    const call = { service: 'dialer.show', body: {}, encoding: 'json' } as const
    const reply = await answer({ ...call, budgetMs: SCRAPE_BUDGET_MS })
    const told = !(reply instanceof Uint8Array) && reply.type === 'dialling'
    return told ? reply.campaigns : null
  })
  let draining = false
  const ready = () => {
    const reasons = router.unowned().map((shard) => `shard ${shard} has no owner`)
    if (!link.connected()) reasons.push('nats is not connected')
    if (draining) reasons.push('draining')
    return { ready: reasons.length === 0, reasons }
  }
  const http = await startHttp({
    port: config.httpPort,
    answer,
    link,
    shards,
    clock,
    log,
    metrics,
    ready,
    live: () => true,
  })
  const front = startNatsFront(link, answer, metrics.observe, log)
  log.info({ shards, http: http.port }, 'gateway started')
  return {
    closed: link.nc.closed(),
    info: { http: http.port },
    async stop() {
      draining = true
      await Promise.all([front.stop(), http.stop()])
      await Promise.all([models.stop(), book.stop()])
      hosts.stop()
      vault.close()
      await link.nc.drain()
    },
  }
})
