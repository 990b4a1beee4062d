// Errors: what a caller cannot plan for. Expected outcomes are values, never one of these.

/** The base of every error we throw; `code` is what programs decide on, `message` is for people. */
export class EngineError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** The caller's fault: names the field by JSON Pointer and the cure. Never retried. */
export class InputError extends EngineError {
  readonly path: string | undefined
  constructor(code: string, message: string, path?: string) {
    super(code, message)
    this.path = path
  }
}

/** A broken invariant inside one campaign: quarantines that campaign, the shard goes on. */
export class CampaignFault extends EngineError {
  constructor(campaign: number, message: string, options?: ErrorOptions) {
    super('CAMPAIGN_FAULT', `campaign ${campaign}: ${message}`, options)
  }
}

/** A newer owner has written to the shard's log: drop the state, the shard lives on elsewhere. */
export class FencedError extends EngineError {
  constructor(shard: number, held: number, current: number) {
    super('FENCED', `shard ${shard}: epoch ${held} is fenced, the current epoch is ${current}`)
  }
}

/** The log lost records we know were acknowledged (I15): stop serving the shard and alarm. */
export class RolledBackError extends EngineError {
  /** `found`: where the log ends; or `another`, where another record is in that place. */
  constructor(shard: number, known: number, found: number | 'another') {
    const what =
      found === 'another'
        ? `the record that was acknowledged at sequence ${known} is not in the log`
        : `the log ends at sequence ${found} but ${known} was acknowledged`
    super(
      'LOG_ROLLED_BACK',
      `shard ${shard}: ${what}; restore the stream from a backup, or accept the loss: leadbid accept-rollback --shard ${shard}`,
    )
  }
}

/** Stored bytes that do not decode, or a hash chain that does not hold: stop serving the shard. */
export class CorruptLogError extends EngineError {
  constructor(shard: number, seq: number, message: string, options?: ErrorOptions) {
    super('CORRUPT_LOG', `shard ${shard}: record at sequence ${seq}: ${message}`, options)
  }
}

/** Settings of a process that cannot be used; carries every fault found. Exit code 2. */
export class ConfigError extends EngineError {
  constructor(faults: readonly string[]) {
    super('CONFIG', faults.join('\n'))
  }
}

/** Makes an unhandled member of a union a compile error, and a clear one at run time. */
export function assertNever(value: never): never {
  throw new EngineError('UNREACHABLE', `unexpected value ${JSON.stringify(value)}`)
}
