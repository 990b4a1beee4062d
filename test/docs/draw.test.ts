// The drawings are those of the code.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { initialTransition, transition } from 'xstate'
import { type LeadMachineEvent, leadMachine } from '../../actors/campaign/lead.ts'
import { arrowsOf, drawLeadMachine, pictures, withPicture } from '../../deploy/draw.ts'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { suite } from '../support/suite.ts'
import { read } from './project.ts'

const test = suite('draw')

test('D2: npm run draw -- --check passes, and finds a drawing that is out of date', async () => {
  const args = ['--import', 'tsx', 'deploy/draw.ts', '--check']
  await promisify(execFile)(process.execPath, args, { cwd: PROJECT_DIR })
  for (const picture of pictures()) {
    const text = await read(picture.file)
    assert.equal(withPicture(text, picture), text)
    const other = { ...picture, mermaid: `${picture.mermaid}\n  more` }
    assert.notEqual(withPicture(text, other), text)
    assert.throws(() => withPicture('no markers here', picture), /has no markers/)
  }
})

test('D1: every arrow is in the drawing, under its state or under the box around the open ones', () => {
  const drawing = drawLeadMachine()
    .split('\n')
    .map((line) => line.trim())
  const ends = drawing.filter((line) => line.endsWith('--> [*]')).map((line) => line.split(' ')[0])
  assert.deepEqual(ends, ['converted', 'lost', 'invalid', 'suppressed'])
  for (const { from, event, guard, to } of arrowsOf()) {
    const label = guard === null ? event : `${event} [${guard}]`
    const drawn = (state: string) =>
      drawing.some((line) => {
        const [pair = '', labels = ''] = line.split(' : ')
        return pair === `${state} --> ${to}` && labels.split(', ').includes(label)
      })
    assert.ok(drawn(from) || drawn('open'), `${from} --> ${to} : ${label}`)
  }
})

test('D1: whatever the machine does, the drawing has an arrow for it', () => {
  const arrows = arrowsOf()
  const events = [...new Set(arrows.map(({ event }) => event))]
  const [start] = initialTransition(leadMachine, { max: 1 })
  const seen = new Set<string>()
  let edge = [start]
  while (edge.length > 0) {
    const next: typeof edge = []
    for (const state of edge) {
      const key = JSON.stringify([state.value, state.context])
      if (seen.has(key) || seen.size > 1000) continue
      seen.add(key)
      for (const type of events) {
        const [after] = transition(leadMachine, state, { type } as LeadMachineEvent)
        if (JSON.stringify([after.value, after.context]) === key) continue
        const [from, to] = [String(state.value), String(after.value)]
        const drawn = arrows.some(
          (arrow) => arrow.from === from && arrow.event === type && arrow.to === to,
        )
        assert.ok(drawn, `${from} --> ${to} : ${type}`)
        next.push(after)
      }
    }
    edge = next
  }
  assert.ok(seen.size > 20, `only ${seen.size} states were reached`)
})

test.run()
