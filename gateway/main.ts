// Gateway: wiring and signals, nothing else.

import { underJurisdiction } from '../actors/policy/jurisdictions.ts'
import type { ContractorId } from '../actors/protocol/ids.ts'
import { systemClock } from '../actors/runtime/clock.ts'
import { Hosts } from '../actors/runtime/hosts.ts'
import { IngestDesk } from '../actors/runtime/ingest-desk.ts'
import { LogRoom } from '../actors/runtime/log-room.ts'
import { ModelBook, ModelStore } from '../actors/runtime/model-store.ts'
import { connectNats } from '../actors/runtime/nats.ts'
import { OfficeBook } from '../actors/runtime/office-book.ts'
import { runProcess } from '../actors/runtime/process.ts'
import { tagsIn } from '../actors/runtime/roster.ts'
import { Router } from '../actors/runtime/router.ts'
import { provision } from '../actors/runtime/streams.ts'
import { Vault } from '../actors/runtime/vault.ts'
import { Admission } from './auction/admission.ts'
import { LinkDelay } from './auction/admission-delay.ts'
import { Auction } from './auction/auction.ts'
import { Desk } from './auction/desk.ts'
import { startNatsFront } from './auction/nats-front.ts'
import { serveCollections } from './collections/services.ts'
import { healthOf, whyUnowned } from './http/health-metrics.ts'
import { countInFlight, createMetrics } from './http/metrics.ts'
import { openHttp } from './http/server.ts'

/** What a scrape may wait for the shards; scrapers give up after 10 s. */
const SCRAPE_BUDGET_MS = 2000

await runProcess('gateway', async (config, log, startup) => {
  const metrics = createMetrics()
  let ready = () => ({ ready: false, reasons: [startup.waitsFor] })
  const probed = { ready: () => ready(), live: () => true }
  const http = await openHttp({ port: config.httpPort, log, metrics, ...probed })
  const link = await startup.step('connect', () => connectNats(config, 'gateway', log, 0))
  const { shards } = await startup.step('streams', () => provision(link, config))
  const clock = systemClock(config.clockOffsetMs)
  const vault = await startup.step('keys', () => Vault.open(link))
  const hosts = await startup.step('hosts', () => Hosts.open(link, log, clock))
  const router = new Router(link, hosts, shards)
  const book = OfficeBook.follow(link, log)
  const tagsOf = (contractor: ContractorId) => tagsIn(book, contractor)
  const delay = new LinkDelay(link)
  const room = new LogRoom({ link, log })
  await room.look()
  const admission = new Admission({
    delayMs: delay.delayMs,
    room: room.level,
    onShed: metrics.shed,
  })
  const auction = new Auction({ admission, router, clock, random: Math.random, tagsOf })
  const ingest = new IngestDesk({ router, link, vault, country: config.country, log })
  const models = ModelBook.follow(await startup.step('models', () => ModelStore.open(link, log)))
  const { timezone, country } = config
  const hash = (text: string) => vault.hash(text)
  const collections = { router, link, log, clock, book, hash, country }
  const desk = new Desk({
    admission,
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
  metrics.models(() => models.all())
  metrics.admission({ admission, retries: router.retries, room })
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
  const list = () => {
    const call = { service: 'campaign.list', body: {}, encoding: 'json' } as const
    return answer({ ...call, budgetMs: SCRAPE_BUDGET_MS })
  }
  metrics.health(healthOf({ link, hosts, shards, list }))
  const { calls } = ingest
  let draining = false
  await startup.step('imports', () => http.serve({ answer, admission, calls, link, shards, clock }))
  ready = () => {
    const reasons = router.unowned().map((shard) => whyUnowned(hosts, shard))
    if (!link.connected()) reasons.push('nats is not connected')
    if (draining) reasons.push('draining')
    const unready = reasons.length > 0 || room.level() === 'full'
    return { ready: !unready, reasons: [...reasons, ...room.reasons()] }
  }
  const front = startNatsFront({ link, admission, answer, observe: metrics.observe, log })
  log.info({ shards, http: http.port }, 'gateway started')
  return {
    closed: link.nc.closed(),
    info: { http: http.port },
    async stop() {
      draining = true
      await Promise.all([front.stop(), http.stop()])
      await Promise.all([models.stop(), book.stop()])
      delay.stop()
      room.stop()
      hosts.stop()
      vault.close()
      await link.nc.drain()
    },
  }
})
