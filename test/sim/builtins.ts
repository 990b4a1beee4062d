// Builtins: while a simulation runs, time and chance of this process are the simulated world's.
//
//   BI1. Timers, `Date.now`, `performance.now`, `Math.random` and what node:crypto draws come from
//        the scheduler and the seed, also through names that were imported before.
//   BI2. Whoever asks for them outside a step of a simulated process is told so by an error: then
//        something has escaped the simulation, and equal seeds would not be equal histories.

import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'
import type { Event, Proc, Scheduler } from './scheduler.ts'

/** What a simulated timer is to its owner. */
class Timer {
  event: Event | null = null
  unref(): this {
    return this
  }
  ref(): this {
    return this
  }
  hasRef(): boolean {
    return true
  }
}

type Patch = [target: object, name: string, value: unknown]

/** Replaces time and chance; returns what puts the real ones back. */
export function install(scheduler: Scheduler, random: () => number): () => void {
  const proc = (what: string): Proc => {
    if (scheduler.current !== null) return scheduler.current
    throw new Error(`${what} outside of any simulated process`)
  }
  const patches: Patch[] = [
    ...timers(scheduler, proc),
    ...clocks(scheduler, proc),
    ...chance(random, proc),
  ]
  const real = patches.map(([target, name]): Patch => [target, name, Reflect.get(target, name)])
  for (const [target, name, value] of patches) Object.assign(target, { [name]: value })
  syncBuiltinESMExports()
  return () => {
    for (const [target, name, value] of real) Object.assign(target, { [name]: value })
    syncBuiltinESMExports()
  }
}

type Ask = (what: string) => Proc

function timers(scheduler: Scheduler, proc: Ask): Patch[] {
  type Run = (...args: unknown[]) => void
  const after = (ms: number, run: () => void, timer = new Timer()) => {
    timer.event = scheduler.at(Math.max(1, ms || 0), proc('a timer'), run)
    return timer
  }
  const setTimeout = (run: Run, ms = 0, ...args: unknown[]) => after(ms, () => run(...args))
  const setInterval = (run: Run, ms = 0, ...args: unknown[]) => {
    const again = () => {
      after(ms, again, timer)
      run(...args)
    }
    const timer = after(ms, again)
    return timer
  }
  const setImmediate = (run: Run, ...args: unknown[]) => {
    const timer = new Timer()
    timer.event = scheduler.at(0, proc('setImmediate'), () => run(...args))
    return timer
  }
  const clear = (timer: unknown) => {
    if (timer instanceof Timer && timer.event !== null) timer.event.cancelled = true
  }
  const sleep = (ms: number, value: unknown) =>
    new Promise((resolve) => after(ms, () => resolve(value)))
  const turn = (value: unknown) => new Promise((resolve) => setImmediate(() => resolve(value)))
  return [
    [globalThis, 'setTimeout', setTimeout],
    [globalThis, 'setInterval', setInterval],
    [globalThis, 'setImmediate', setImmediate],
    [globalThis, 'clearTimeout', clear],
    [globalThis, 'clearInterval', clear],
    [globalThis, 'clearImmediate', clear],
    [timersPromises, 'setTimeout', sleep],
    [timersPromises, 'setImmediate', turn],
  ]
}

function clocks(scheduler: Scheduler, proc: Ask): Patch[] {
  const wall = () => Math.floor(scheduler.wall + proc('Date.now').skewMs)
  const monotonic = () => {
    proc('performance.now')
    return scheduler.now
  }
  return [
    [Date, 'now', wall],
    [performance, 'now', monotonic],
  ]
}

function chance(random: () => number, proc: Ask): Patch[] {
  const draw = () => {
    proc('chance')
    return random()
  }
  const randomBytes = (size: number) => {
    const bytes = Buffer.allocUnsafe(size)
    let at = 0
    for (; at + 4 <= size; at += 4) bytes.writeUInt32LE(Math.floor(draw() * 2 ** 32), at)
    for (; at < size; at++) bytes[at] = Math.floor(draw() * 256)
    return bytes
  }
  const randomInt = (from: number, to: number) => from + Math.floor(draw() * (to - from))
  const randomUUID = () => {
    const hex = randomBytes(16).toString('hex')
    return [8, 4, 4, 4, 12].map((size, i) => hex.substr([0, 8, 12, 16, 20][i] ?? 0, size)).join('-')
  }
  return [
    [Math, 'random', draw],
    [crypto, 'randomBytes', randomBytes],
    [crypto, 'randomInt', randomInt],
    [crypto, 'randomUUID', randomUUID],
  ]
}
