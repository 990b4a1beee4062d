// A process of ours that does nothing but start and stop, each as its first argument says.

import { EngineError } from '../../actors/protocol/errors.ts'
import { runProcess } from '../../actors/runtime/process.ts'

const how = process.env.DEMO
const never = new Promise<never>(() => {})
const alive = setInterval(() => {}, 1000)

await runProcess('demo', async (_config, log) => {
  log.info('starting')
  if (how === 'refused') throw new EngineError('SHARDS_FIXED', 'as the test wants it')
  if (how === 'broken') throw new Error('as the test wants it')
  if (how === 'slow') await never
  if (how === 'thrown')
    setTimeout(() => {
      throw new Error('as the test wants it')
    }, 10)
  if (how === 'rejected')
    setTimeout(() => void Promise.reject(new Error('as the test wants it')), 10)
  return {
    closed: how === 'closed' ? Promise.resolve() : never,
    info: { answer: 42 },
    async stop() {
      clearInterval(alive)
      if (how === 'stuck') await never
      if (how === 'unstoppable') throw new Error('as the test wants it')
    },
  }
})
