import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '../suite.ts'

const first = suite('first')
let runs = 0
first('runs once', () => {
  if (++runs > 1) throw new Error('ran again')
})
first.run()

await sleep(50) // uvu starts over when a suite comes after it began

const second = suite('second')
second('runs too', () => {})
second.run()
