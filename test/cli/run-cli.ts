// Run CLI: one command line through the frame, with what it printed.

import { leadbid } from '../../gateway/cli/main.ts'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** Runs `leadbid` in this process; settings come from `env` alone. */
export async function runCli(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const stdout: string[] = []
  const stderr: string[] = []
  const code = await leadbid(argv, {
    stdout: (line) => void stdout.push(line),
    stderr: (line) => void stderr.push(line),
    env: { LEADBID_LOG_LEVEL: 'silent', LEADBID_DATA_DIR: 'no-such-folder', ...env },
  })
  return { code, stdout: stdout.join('\n'), stderr: stderr.join('\n') }
}
