// Shell session: one bash that a document's commands are typed into, one after the other, as a reader
// would; variables and files of one are there for the next.

import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { until } from '../support/until.ts'

const COMMAND_DEADLINE_MS = 30_000
/** `npx` finds the project's own command; here without its search, and from any folder. */
const NPX = `npx() { shift; "${process.execPath}" "${join(PROJECT_DIR, 'gateway', 'cli', 'leadbid.mjs')}" "$@"; }`

export interface Typed {
  code: number
  /** What a terminal shows: both streams. */
  output: string
}

export class ShellSession implements Disposable {
  readonly #bash: ChildProcessWithoutNullStreams
  #output = ''
  #typed = 0

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#bash = spawn('bash', ['--noprofile', '--norc'], { cwd, env })
    const keep = (chunk: string) => {
      this.#output += chunk
    }
    this.#bash.stdout.setEncoding('utf8').on('data', keep)
    this.#bash.stdin.write(`exec 2>&1; ${NPX}\n`)
  }

  /** Types a whole command and waits for its end. */
  async type(command: string): Promise<Typed> {
    const end = new RegExp(`\n?@end ${++this.#typed} (\\d+)\n`)
    this.#bash.stdin.write(`${command}\nprintf '\\n@end ${this.#typed} %s\\n' $?\n`)
    const match = await until(() => end.exec(this.#output), `the end of ${command}`, {
      deadlineMs: COMMAND_DEADLINE_MS,
    })
    const output = this.#output.slice(0, match.index)
    this.#output = this.#output.slice(match.index + match[0].length)
    return { code: Number(match[1]), output }
  }

  [Symbol.dispose](): void {
    this.#bash.kill('SIGKILL')
  }
}

/** Splits a script into whole commands: lines are added until the shell has all of one. */
export function commandsOf(script: string, { first = false } = {}): string[] {
  const commands: string[] = []
  let begun = ''
  for (const line of script.split('\n')) {
    if (begun === '' && line.trim() === '') continue
    begun = begun === '' ? line : `${begun}\n${line}`
    if (!isWhole(begun)) continue
    commands.push(begun)
    if (first) return commands
    begun = ''
  }
  if (begun !== '') throw new Error(`no whole command: ${begun}`)
  return commands
}

/** Whether the shell would run it, or wait for a closing quote, an END or a `done`. */
function isWhole(command: string): boolean {
  if (command.endsWith('\\')) return false
  try {
    execFileSync('bash', ['-n', '-c', command], { stdio: 'ignore' })
    return !hasOpenHereDocument(command) // Of which the shell only warns.
  } catch {
    return false
  }
}

function hasOpenHereDocument(command: string): boolean {
  const word = /<<(\w+)/.exec(command)?.[1]
  return word !== undefined && !command.split('\n').slice(1).includes(word)
}
