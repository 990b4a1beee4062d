// Program: how a process of leadbid is started, everywhere the same; deploy/ has it in other words.

/**
 * Of every process: one helper thread for the collector, not four. Hosts, gateways and workers share a
 * machine, and the helpers of one would take the processors from the others in the middle of a call.
 */
export const COMMON_OPTIONS: readonly string[] = ['--v8-pool-size=1', '--import', 'tsx']

/**
 * Of those that serve calls. Collecting everything that is old holds up a host for 50 to 80 ms, a step
 * at a time, and is begun whenever 8 MB have grown old: within each snapshot, without a floor under what
 * old objects may take (MB). Small young generations make many short pauses in place of few long ones.
 */
const SERVING_OPTIONS: readonly string[] = [
  '--initial-old-space-size=256',
  '--min-semi-space-size=8',
  '--max-semi-space-size=8',
]

const SERVING: readonly string[] = ['actors/main.ts', 'gateway/main.ts']

/** Node's options for a program, by its main file from the project's folder. */
export function optionsOf(main: string): readonly string[] {
  return SERVING.includes(main) ? [...COMMON_OPTIONS, ...SERVING_OPTIONS] : COMMON_OPTIONS
}
