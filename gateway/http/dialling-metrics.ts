// Dialling metrics: how the lines of each dialled campaign stand, as the process that dials has them.
// Any gateway tells the same; what could not be asked is absent, as of customers (CM1).

import { Gauge, type Registry } from 'prom-client'
import type { FloorShown } from '../../actors/protocol/dialling.ts'
import { kept } from './customer-metrics.ts'

/** Campaigns that get a label, by lowest id: a few series each is what a scraper can take. */
const CAMPAIGNS_MAX = 1000

/** Null where nobody dials, or did not answer. */
export type FloorsSource = () => Promise<readonly FloorShown[] | null>

const FIGURES: { readonly [name: string]: [help: string, of: (f: FloorShown) => number | null] } = {
  leadbid_dialling_agents: ['Agents at work for a campaign that is dialled', (f) => f.agents],
  leadbid_dialling_idle_agents: ['Those of them who wait for a call', (f) => f.idle],
  leadbid_dialling_lines: ['Lines ringing and live, by campaign', (f) => f.lines],
  leadbid_dialling_lines_limit: ['Lines a campaign may have now', (f) => f.ceiling],
  leadbid_dialling_answer_ratio: ['Estimated chance of an answer', (f) => f.answer_rate],
  leadbid_dialling_abandoned_ratio: [
    'Share of the calls answered in 30 days that found no agent',
    (f) => f.abandoned_share,
  ],
}

/** Registers the metrics; they are there once the function it returns is given a source. */
export function diallingMetrics(registry: Registry): (source: FloorsSource) => void {
  let source: FloorsSource = async () => null
  const ask = kept(async () => ((await source()) ?? []).slice(0, CAMPAIGNS_MAX))
  for (const [name, [help, of]] of Object.entries(FIGURES)) {
    new Gauge({
      name,
      help,
      labelNames: ['campaign'],
      registers: [registry],
      async collect() {
        this.reset()
        for (const floor of await ask()) {
          const value = of(floor)
          if (value !== null) this.set({ campaign: floor.campaign_id }, value)
        }
      },
    })
  }
  return (given) => {
    source = given
  }
}
