import { EngineError } from '../actors/protocol/errors.ts'

/** What went wrong while preparing or running the machinery around the engine. */
export class DeployError extends EngineError {}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
