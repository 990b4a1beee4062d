// Command: what one command of the CLI is, and what it is given.

import type { Config } from '../../actors/runtime/config.ts'
import type { Log } from '../../actors/runtime/log.ts'
import type { Link } from '../../actors/runtime/nats.ts'

export interface Context {
  config: Config
  log: Log
  /** Prints one line of the result. */
  stdout: (line: string) => void
  /** Says on stderr how it goes, for whoever waits. */
  note: (line: string) => void
  /** The connection, made at the first call; throws NO_NATS when there is no server. */
  link: () => Promise<Link>
}

/** A command is a file: what its module exports. */
export interface Command {
  /** One line for the list of commands. */
  summary: string
  /** What `--help` prints: the call, its flags, examples. */
  usage: string
  /** Runs with what the process's settings left of the arguments; returns the exit code. */
  run(args: string[], context: Context): Promise<number>
}

/** Exit codes: what was asked is done, was not possible, or was asked wrongly. */
export const DONE = 0
export const FAILED = 1
export const MISUSED = 2
