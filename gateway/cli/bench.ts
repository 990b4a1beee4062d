// `leadbid bench`: the benchmarks, which live with the tests.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { EngineError } from '../../actors/protocol/errors.ts'
import { FAILED } from './command.ts'

const PROGRAM = fileURLToPath(new URL('../../test/bench/run.ts', import.meta.url))
const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

export const summary = 'measure the engine on this machine'

export const usage = `
usage: npx leadbid bench [arguments of the benchmarks]

Measures the engine beside its baselines, in one run, on a nats-server of its own; the same as
npm run bench. Nothing of a running engine is touched.

  npx leadbid bench
`

export async function run(args: string[]): Promise<number> {
  await access(PROGRAM).catch((cause: unknown) => {
    throw new EngineError(
      'NO_BENCH',
      'the benchmarks come with the repository: run it from a clone',
      {
        cause,
      },
    )
  })
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...args], {
    cwd: PROJECT,
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : FAILED
}
