// Log shards: how many shards the log was made with, as it says itself.

import { EngineError } from '../../actors/protocol/errors.ts'
import { EVENTS } from '../../actors/protocol/subjects.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { eventsConfig } from '../../actors/runtime/streams.ts'

/** The number in a stream's metadata, null where it has none. */
export function shardsIn(metadata: { [key: string]: string } | undefined): number | null {
  // The one entry we put there; its name is provision's.
  const [key = ''] = Object.keys(eventsConfig(1, 1).metadata)
  const shards = Number(metadata?.[key])
  return Number.isInteger(shards) && shards >= 1 ? shards : null
}

/** Throws NO_LOG when there is no log yet, or none of ours. */
export async function logShards(link: Link): Promise<number> {
  const info = await link.jsm.streams.info(EVENTS).catch((cause: unknown) => {
    throw new EngineError(
      'NO_LOG',
      `no stream ${EVENTS} at ${link.nc.getServer()}: start the engine once with npm start, or run npm run provision`,
      { cause },
    )
  })
  const shards = shardsIn(info.config.metadata)
  if (shards !== null) return shards
  throw new EngineError(
    'NOT_OUR_STREAM',
    `stream ${EVENTS} says nothing of shards: it was not made by leadbid, use another NATS account`,
  )
}
