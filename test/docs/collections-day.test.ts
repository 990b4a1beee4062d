// The README's day in collections, run as it is printed: every command in its order, on an engine of
// its own, and what it prints against what the README says.
//
// deadline: 300 s

import assert from 'node:assert/strict'
import { CHANNELS } from '../../actors/protocol/dispositions.ts'
import { Cluster } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { read } from './project.ts'
import { commandsOf, ShellSession } from './shell-session.ts'
import { compareOutput, ID } from './shown-output.ts'

const test = suite('the README’s day in collections', { deadlineMs: 280_000 })
const DAY_MS = 86_400_000
const INDIA_MS = 5.5 * 3_600_000
/** More than it takes. */
const LEFT_MS = 120_000

interface Step {
  command: string
  /** What the README prints below it; null where it shows the command alone. */
  said: string | null
}

test('every command works as printed, and prints what the README says', async () => {
  const steps = stepsOf(await section())
  assert.ok(steps.length > 25, `only ${steps.length} commands were found`)
  // It is told as one day: one that ends meanwhile would split its figures.
  await until(() => leftOfTheDay() > LEFT_MS, 'a new day in India', {
    deadlineMs: LEFT_MS + 1000,
    pollMs: 500,
  })
  await using cluster = await Cluster.start()
  using shell = new ShellSession(cluster.server.dataDir, {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    LEADBID_NATS_URL: cluster.server.url,
    LEADBID_LOG_LEVEL: 'silent',
  })
  /** Ids as the README has them, each with this run's. */
  const ids = new Map<string, string>()
  for (const { command, said } of steps) {
    const { code, output } = await shell.type(command.replace(ID, (id) => ids.get(id) ?? id))
    for (const [id, met] of compareOutput(said ?? '…', output, command)) ids.set(id, met)
    const refused = said?.includes('leadbid: refused') === true
    assert.equal(code === 0, !refused, `$ ${command}\nended with ${code}:\n${output}`)
    if (!refused) continue
    const lines = output.trimEnd().split('\n')
    assert.deepEqual(new Set(lines), new Set([said?.split('\n')[0]]), output)
    assert.equal(lines.length, CHANNELS.length, 'refused on every channel')
  }
  assert.equal(ids.size, 3, 'two awards and an attempt')
})

test('the section tells a whole day: uploaded, allocated, called, promised, paid, suppressed', async () => {
  const commands = stepsOf(await section()).map(({ command }) => command)
  const parts = [
    'import',
    'allocate',
    'next',
    'disposition',
    'attempt',
    'pay',
    'suppress',
    'buckets',
  ]
  for (const part of parts) {
    const shown = commands.some((command) => command.includes(`npx leadbid ${part} `))
    assert.ok(shown, `no ${part} is shown`)
  }
})

async function section(): Promise<string> {
  const text = /^## Collections\n([\s\S]*?)^## /m.exec(await read('README.md'))?.[1]
  assert.ok(text, 'the README has a section "Collections"')
  return text
}

/** The commands of the section's blocks in their order: scripts whole, transcripts by their prompts. */
function stepsOf(text: string): Step[] {
  return [...text.matchAll(/^```(sh|text)\n([\s\S]*?)^```$/gm)].flatMap(([, kind, block = '']) =>
    kind === 'sh'
      ? commandsOf(block).map((command) => ({ command, said: null }))
      : block.split(/^\$ /m).slice(1).map(stepOf),
  )
}

/** A prompt's text: the first whole command of it, and below what that printed. */
function stepOf(text: string): Step {
  const [command = ''] = commandsOf(text, { first: true })
  return { command, said: text.slice(command.length + 1) }
}

function leftOfTheDay(): number {
  return DAY_MS - ((Date.now() + INDIA_MS) % DAY_MS)
}

test.run()
