// `leadbid agents`: who works here, what they are tagged to, their targets and what they did.

import type {
  Agent,
  PerformanceRow,
  Progress,
  Tags,
  WorkforceReply,
} from '../../actors/protocol/workforce.ts'
import { idOf, nearest, noMore, numberOf, readArgs, required, UsageError } from './args.ts'
import { ask, type Reply, show } from './ask.ts'
import type { Context } from './command.ts'
import { money, plural, table } from './words.ts'

export const summary = 'list agents, tag them, set targets, show performance'

export const usage = `
usage: npx leadbid agents [list] [--reports-to N] [--customer N] [--cycle C] [--after N] [--limit N]
       npx leadbid agents put ID [--role R] [--reports-to N|none] [--name TEXT]
                          [--customers N,N|all] [--cycles C,C|all] [--active yes|no] [--by WHO]
       npx leadbid agents target ID --by LEADER --day DAY [--calls N] [--amount PAISE] [--promises N]
       npx leadbid agents performance --viewer N --day DAY | --from DAY --to DAY

An agent with tags is given leads of those customers and cycles only, an inactive one none; who was
never put is not limited. "put" changes what is named; --customers and --cycles replace both tags.
Roles are agent, team_leader, supervisor, department_head: each reports to the next. Targets are set
by the agent's own team leader. Performance shows the viewer and who is below.

  --json   the reply as the contract has it

  npx leadbid agents put 1 --role department_head
  npx leadbid agents put 1000 --role agent --reports-to 100 --customers 55 --cycles 2026-01
  npx leadbid agents --reports-to 100
  npx leadbid agents target 1000 --by 100 --day 2026-01-05 --calls 60 --amount 5000000 --promises 8
  npx leadbid agents performance --viewer 100 --day 2026-01-05
`

const ACTIONS: { readonly [name: string]: (args: string[], context: Context) => Promise<number> } =
  { list, put, target, performance }

type Replied<T extends WorkforceReply['type']> = Reply & Extract<WorkforceReply, { type: T }>

export async function run(args: string[], context: Context): Promise<number> {
  const [name = ''] = args
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (action !== undefined) return await action(args.slice(1), context)
  if (name !== '' && !name.startsWith('-')) {
    const near = nearest(name, Object.keys(ACTIONS))
    const cure = near ?? Object.keys(ACTIONS).join(', ')
    throw new UsageError(`unknown action ${JSON.stringify(name)}: use ${cure}`)
  }
  return await list(args, context)
}

async function list(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    'reports-to': 'string',
    customer: 'string',
    cycle: 'string',
    after: 'string',
    limit: 'string',
    json: 'boolean',
  })
  noMore(rest, 0)
  const reply = await ask(context, 'agent.list', {
    ...optional('reports_to', numberOf(flags['reports-to'], '--reports-to', { min: 1 })),
    ...optional('customer_id', numberOf(flags.customer, '--customer', { min: 1 })),
    ...optional('cycle', flags.cycle),
    ...optional('after', numberOf(flags.after, '--after', { min: 1 })),
    ...optional('limit', numberOf(flags.limit, '--limit', { min: 1 })),
  })
  return show<Replied<'agents'>>(context, reply, { json: flags.json, print: agentsInWords })
}

async function put(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    role: 'string',
    'reports-to': 'string',
    name: 'string',
    customers: 'string',
    cycles: 'string',
    active: 'string',
    by: 'string',
    json: 'boolean',
  })
  noMore(rest, 1)
  const leader = flags['reports-to']
  const reply = await ask(context, 'agent.put', {
    contractor_id: idOf(rest[0], 'ID'),
    ...optional('role', flags.role),
    ...optional(
      'reports_to',
      leader === 'none' ? null : numberOf(leader, '--reports-to', { min: 1 }),
    ),
    ...optional('name', flags.name),
    ...optional('tags', tagsOf(flags.customers, flags.cycles)),
    ...optional('active', yesOrNo(flags.active)),
    ...optional('by', flags.by),
  })
  const print = (agent: Replied<'agent'>) => [agentInWords(agent).join(', ')]
  return show<Replied<'agent'>>(context, reply, { json: flags.json, print })
}

async function target(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    by: 'string',
    day: 'string',
    calls: 'string',
    amount: 'string',
    promises: 'string',
    json: 'boolean',
  })
  noMore(rest, 1)
  const reply = await ask(context, 'target.put', {
    contractor_id: idOf(rest[0], 'ID'),
    by: idOf(flags.by, '--by (the team leader)'),
    day: required(flags.day, '--day (such as 2026-01-05)'),
    ...optional('calls', numberOf(flags.calls, '--calls', { min: 0 })),
    ...optional('amount', numberOf(flags.amount, '--amount', { min: 0 })),
    ...optional('promises', numberOf(flags.promises, '--promises', { min: 0 })),
  })
  return show<Replied<'target'>>(context, reply, { json: flags.json, print: targetInWords })
}

async function performance(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    viewer: 'string',
    day: 'string',
    from: 'string',
    to: 'string',
    after: 'string',
    json: 'boolean',
  })
  noMore(rest, 0)
  const reply = await ask(context, 'performance.show', {
    viewer: idOf(flags.viewer, '--viewer'),
    ...optional('day', flags.day),
    ...optional('from', flags.from),
    ...optional('to', flags.to),
    ...optional('after', numberOf(flags.after, '--after', { min: 1 })),
  })
  const print = performanceInWords
  return show<Replied<'performance'>>(context, reply, { json: flags.json, print })
}

function optional(name: string, value: unknown): object {
  return value === undefined ? {} : { [name]: value }
}

/** Both tags, where one of the flags is there; `all` does not limit. */
function tagsOf(customers: string | undefined, cycles: string | undefined): Tags | undefined {
  if (customers === undefined && cycles === undefined) return undefined
  const listed = (text: string | undefined) =>
    text === undefined || text === 'all' ? undefined : text.split(',').map((part) => part.trim())
  return {
    ...optional(
      'customer_ids',
      listed(customers)?.map((part) => idOf(part, '--customers')),
    ),
    ...optional('cycles', listed(cycles)),
  }
}

function yesOrNo(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined
  if (text === 'yes' || text === 'no') return text === 'yes'
  throw new UsageError(`--active is ${JSON.stringify(text)}: it must be yes or no`)
}

function agentsInWords({ agents, next }: Replied<'agents'>): string[] {
  if (agents.length === 0) return ['no such agents: whoever was never put is not limited']
  const more = next === undefined ? [] : [`more: --after ${next}`]
  return [...table(agents.map(agentInWords)), ...more]
}

function agentInWords({ contractor_id, name, role, reports_to, tags, active }: Agent): string[] {
  const { customer_ids, cycles } = tags
  const tagged = [
    ...(customer_ids === undefined ? [] : [`customers ${customer_ids.join(' ') || 'none'}`]),
    ...(cycles === undefined ? [] : [`cycles ${cycles.join(' ') || 'none'}`]),
  ]
  return [
    String(contractor_id),
    name ?? '-',
    role,
    reports_to === null ? 'reports to nobody' : `reports to ${reports_to}`,
    active ? tagged.join('; ') || 'not limited' : 'inactive',
  ]
}

function targetInWords(reply: Replied<'target'>): string[] {
  const { contractor_id, day, calls, amount, promises } = reply
  const parts = [
    ...(calls === undefined ? [] : [plural(calls, 'call')]),
    ...(amount === undefined ? [] : [`${money(amount)} collected`]),
    ...(promises === undefined ? [] : [plural(promises, 'promise')]),
  ]
  return [`${contractor_id} on ${day}: ${parts.join(', ')}`]
}

function performanceInWords({ from, to, rows, next }: Replied<'performance'>): string[] {
  const head = ['who', 'role', 'agents', 'calls', 'reached', 'right party', 'promises', 'kept']
  return [
    from === to ? from : `${from} to ${to}`,
    ...table([[...head, 'collected', 'talk'], ...rows.map(rowInWords)]),
    ...(next === undefined ? [] : [`more: --after ${next}`]),
  ]
}

function rowInWords(row: PerformanceRow): string[] {
  const { contractor_id, name, role, agents, calls, amount, promises, tallied } = row
  return [
    name === null ? String(contractor_id) : `${contractor_id} ${name}`,
    role,
    role === 'agent' ? '' : String(agents),
    progress(calls, String),
    String(tallied.connects),
    String(tallied.rpc),
    progress(promises, String),
    String(tallied.kept),
    progress(amount, money),
    `${Math.round(tallied.talk_ms / 60_000)} min`,
  ]
}

function progress({ done, target }: Progress, print: (value: number) => string): string {
  return target === null ? print(done) : `${print(done)}/${print(target)}`
}
