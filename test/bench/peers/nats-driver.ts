// NATS driver: one request-reply a request, as the contract has it. The same for ours and for the
// responders that do no work.

import { connect, headers } from 'nats'
import { BUDGET_HEADER } from '../../../actors/protocol/subjects.ts'
import type { Driver, DriverOrder, Taken } from './contender.ts'

const BUDGET_MS = 2000
const TIMEOUT_MS = 5000

interface Answer {
  type?: string
  campaign_id?: number
  lead_id?: number
}

export async function connectNats({
  url,
  subject,
}: Extract<DriverOrder, { kind: 'nats' }>): Promise<Driver> {
  const nc = await connect({ servers: url, noAsyncTraces: true })
  const header = headers()
  header.set(BUDGET_HEADER, String(BUDGET_MS))
  const options = { timeout: TIMEOUT_MS, headers: header }
  return {
    async claim(campaigns): Promise<Taken> {
      const body = JSON.stringify({ campaign_ids: campaigns })
      const reply = await nc.request(subject, body, options).catch(() => null)
      if (reply === null) return { type: 'timeout' }
      const { type, campaign_id, lead_id } = reply.json<Answer>()
      // A responder that does no work sends back what it was sent.
      if (type === undefined) return { type: 'done' }
      return type !== 'award' || campaign_id === undefined || lead_id === undefined
        ? { type }
        : { type, campaign: campaign_id, id: lead_id }
    },
    async close() {
      await nc.close()
    },
  }
}
