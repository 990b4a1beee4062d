// `npm run start:worker`: one worker process.

import { runProcess } from '../runtime/process.ts'
import { yieldProcessor } from '../runtime/yield-processor.ts'
import { startWorker } from './worker.ts'

// An import would use all there is; calls come first.
yieldProcessor()
await runProcess('worker', startWorker)
