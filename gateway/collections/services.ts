// Services: the handlers of all collections services, by subject.

import { errorReply, type Reply } from '../../actors/protocol/replies.ts'
import type { Answer, Call } from '../auction/services.ts'
import { services as accounts } from './accounts.ts'
import { services as allocations } from './allocations.ts'
import { services as dialling } from './dialling.ts'
import { services as dispositions } from './dispositions.ts'
import { services as offers } from './offers.ts'
import { Ctx, type DeskContext, type Services } from './service.ts'
import { services as suppressions } from './suppressions.ts'
import { services as workforce } from './workforce.ts'

/** Answers a collections service; throws InputError as its schema does. */
export async function serveCollections(
  desk: DeskContext,
  call: Call,
  answer: Answer,
): Promise<Reply> {
  const handler = SERVED[call.service]
  if (handler !== undefined) return await handler(call, new Ctx(desk, answer, call))
  return errorReply('NOT_IMPLEMENTED', `${call.service} is not served by this version`)
}

const SERVED: Services = {
  ...accounts,
  ...allocations,
  ...dialling,
  ...dispositions,
  ...offers,
  ...suppressions,
  ...workforce,
}
