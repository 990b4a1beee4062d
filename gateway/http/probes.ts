// Probes: what an orchestrator and a scraper ask a gateway.

import type { Routes } from './app.ts'
import type { Metrics } from './metrics.ts'
import { json } from './responses.ts'

export interface Health {
  /** Connected, owners known, not draining; else why not. */
  ready: () => { ready: boolean; reasons: string[] }
  /** This process makes progress; a lost NATS is no reason to restart it. */
  live: () => boolean
}

export function probeRoutes({ ready, live }: Health, { registry }: Metrics): Routes {
  return {
    '/livez': {
      GET: () => {
        if (live()) return json({ live: true })
        const error = { code: 'NOT_LIVE', message: 'this process makes no progress: restart it' }
        return json({ live: false, error }, 503)
      },
    },
    '/readyz': {
      GET: () => {
        const state = ready()
        if (state.ready) return json(state)
        const error = { code: 'NOT_READY', message: state.reasons.join('; ') }
        return json({ ...state, error }, 503)
      },
    },
    '/metrics': {
      GET: async () => {
        const headers = { 'content-type': registry.contentType, 'cache-control': 'no-store' }
        return new Response(await registry.metrics(), { headers })
      },
    },
  }
}
