import { execFile } from 'node:child_process'
import { DeployError } from './error.ts'

export type ToolOptions = {
  deadlineMs: number
  cwd?: string
  env?: NodeJS.ProcessEnv
  signal?: AbortSignal
}

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024

/** Runs a program to its end and returns its stdout; throws TOOL_FAILED with the tail of its stderr, also at the deadline. */
export async function runTool(
  command: string,
  args: readonly string[],
  { deadlineMs, cwd, env, signal }: ToolOptions,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const settings = {
      timeout: deadlineMs,
      killSignal: 'SIGKILL' as const,
      maxBuffer: OUTPUT_BYTES_MAX,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      ...(signal === undefined ? {} : { signal }),
    }
    execFile(command, args, settings, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      const why = error.killed ? `still running after ${deadlineMs} ms` : tail(stderr, error)
      reject(
        new DeployError('TOOL_FAILED', `${command} ${args[0] ?? ''}: ${why}`, { cause: error }),
      )
    })
  })
}

function tail(stderr: string, error: Error): string {
  const lines = stderr.trim().split('\n').slice(-6).join(' | ')
  return lines === '' ? error.message : lines
}
