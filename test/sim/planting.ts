// Planting: how a bug gets into the engine for one run.
//
//   BG1. A bug is planted from the simulation alone, into a collaborator it hands over (the link, an
//        option) or by replacing a method for one run. Nothing in production knows of it.

import type { Link } from '../../actors/runtime/nats.ts'
import type { Publish, PublishOptions } from './sim-jetstream.ts'
import type { Bug, World } from './world.ts'

/** Another way to append; `publish` is the true one. */
export type Appending = (
  publish: Publish,
  world: World,
  ...args: [subject: string, data: Uint8Array, options: PublishOptions]
) => ReturnType<Publish>

/** Replaces how records are appended. */
export function appending(name: string, append: Appending): Bug {
  return {
    name,
    link: (link, world) => {
      // The simulated client is a plain object with this method.
      const publish = link.js.publish as unknown as Publish
      const planted: Publish = (subject, data, options = {}) =>
        subject.startsWith('ev.')
          ? append(publish, world, subject, data, options)
          : publish(subject, data, options)
      return { ...link, js: { ...link.js, publish: planted } as unknown as Link['js'] }
    },
  }
}

/** Replaces a method for a run. */
export function method<C extends object, K extends keyof C>(
  name: string,
  target: C,
  key: K,
  make: (real: C[K]) => C[K],
): Bug {
  const plant = () => {
    const real = target[key]
    target[key] = make(real)
    return () => {
      target[key] = real
    }
  }
  return { name, plant }
}

export function unfenced({ timeout }: PublishOptions): PublishOptions {
  return timeout === undefined ? {} : { timeout }
}

export function lastOf(world: World, subject: string): number {
  return world.server.stream('EVENTS').last(subject)?.seq ?? 0
}
