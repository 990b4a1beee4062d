// Check quarantine: does anything wait for an operator (I16)?

import { countAside } from './aside.ts'
import { type Check, messageOf, ok, warn } from './check.ts'
import type { Context } from './command.ts'
import { campaignsAside } from './quarantine.ts'
import { plural } from './words.ts'

const NAME = 'quarantine'

export async function checkQuarantine(context: Context): Promise<Check> {
  const cure = 'npx leadbid quarantine says what and why; then npx leadbid requeue'
  let messages: number
  try {
    messages = await countAside(await context.link())
  } catch (error) {
    return warn(NAME, `unknown: ${messageOf(error)}`, 'see the check of the inbox')
  }
  // That no gateway answers is a check of its own.
  const campaigns = await campaignsAside(context).catch(() => null)
  const said = [
    campaigns === null
      ? 'campaigns unknown: no gateway tells them'
      : `${plural(campaigns.length, 'campaign')} set aside${campaigns.length === 0 ? '' : `: ${campaigns.map(({ campaign_id }) => campaign_id).join(', ')}`}`,
    `${plural(messages, 'message')} of queued leads set aside`,
  ].join('; ')
  const waits = messages + (campaigns?.length ?? 0) > 0
  return waits ? warn(NAME, said, cure) : ok(NAME, said)
}
