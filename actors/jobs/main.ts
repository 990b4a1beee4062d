// `npm run start:worker`: one worker process.

import { runProcess } from '../runtime/process.ts'
import { startWorker } from './worker.ts'

await runProcess('worker', startWorker)
