// Program: how a process of leadbid is started, everywhere the same; deploy/ has it in other words.

/**
 * Options of Node. One helper thread for the collector, not four: hosts, gateways and workers share a
 * machine, and the helpers of one would take the processors from the others in the middle of a call.
 */
export const NODE_OPTIONS: readonly string[] = ['--v8-pool-size=1', '--import', 'tsx']
