// Every contender by its name, ours first.

import { bullmqKind } from './bullmq.ts'
import type { ContenderKind } from './contender.ts'
import { leadbidKind } from './leadbid.ts'
import { echoKind, relayKind } from './nats.ts'
import { postgresKind } from './postgres.ts'
import { redisKind } from './redis.ts'

export const OURS = 'leadbid'

export const CONTENDERS: ReadonlyMap<string, ContenderKind> = new Map([
  [OURS, leadbidKind],
  ['echo', echoKind],
  ['relay', relayKind],
  ['redis-always', redisKind('always')],
  ['redis-everysec', redisKind('everysec')],
  ['postgres', postgresKind],
  ['bullmq', bullmqKind],
])
