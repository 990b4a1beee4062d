// Models: what was learnt of each customer, as the contract shows it. Read from the store, where
// the learning worker publishes; no host is asked.

import type { CustomerId } from '../../actors/protocol/ids.ts'
import { errorReply, type ModelShown, type Reply } from '../../actors/protocol/replies.ts'
import { formatTime } from '../../actors/protocol/time.ts'
import type { ModelBook, PublishedModel } from '../../actors/runtime/model-store.ts'

/** A customer's model, or NOT_FOUND while too few of its calls had an outcome. */
export function showModel(models: Pick<ModelBook, 'get'>, customer: CustomerId): Reply {
  const entry = models.get(customer)
  if (entry === undefined) {
    const message = `/customer_id: nothing was learnt of customer ${customer} yet`
    return errorReply('NOT_FOUND', message, '/customer_id')
  }
  return { type: 'model', ...headOf(entry), model: entry.model }
}

/** Every customer's, without the weights. */
export function listModels(models: Pick<ModelBook, 'all'>): Reply {
  return { type: 'models', models: models.all().map(headOf) }
}

function headOf(entry: PublishedModel): Omit<ModelShown, 'type' | 'model'> {
  const { customer_id, model, published_at, calibration } = entry
  const { version, calls } = model
  return { customer_id, version, calls, published_at: formatTime(published_at), calibration }
}
