// Simulated object store: objects in chunks on a stream, as every client lays them out.

import type { ObjectStore } from '@nats-io/obj'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { Proc } from './scheduler.ts'
import type { SimServer } from './sim-server.ts'

interface StoredObject {
  name: string
  nuid: string
  chunks: number
  size: number
  deleted: boolean
}

/** What one process sees of a store. */
export function objectsOf(server: SimServer, store: string, proc: Proc): ObjectStore {
  const stream = server.stream(`OBJ_${store}`)
  const parts = {
    info: (name: string) =>
      server.call(proc, () => {
        const description = stream.last(subjectOf(store, name))?.data
        return description === undefined ? null : unpack<StoredObject>(description)
      }),
    put: async ({ name }: { name: string }, source: ReadableStream<Uint8Array>) => {
      const nuid = `${name}-${Math.floor(Math.random() * 1e9)}`
      const info: StoredObject = { name, nuid, chunks: 0, size: 0, deleted: false }
      for await (const chunk of source) {
        const bytes = Uint8Array.from(chunk)
        await server.call(proc, () => stream.append(`$O.${store}.C.${nuid}`, bytes))
        info.chunks++
        info.size += bytes.length
      }
      await server.call(proc, () => {
        stream.purge(subjectOf(store, name))
        stream.append(subjectOf(store, name), pack(info))
      })
      return info
    },
  }
  // Only what is used above is there; anything else would be called and fail at once.
  return parts as unknown as ObjectStore
}

/** Where an object's description lies; its name is what is listed. */
function subjectOf(store: string, name: string): string {
  const encoded = Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
  return `$O.${store}.M.${encoded}`
}

/** Names of the objects of a store. */
export function objectsIn(server: SimServer, store: string): string[] {
  const prefix = `$O.${store}.M.`
  return Object.keys(server.stream(`OBJ_${store}`).subjects(prefix)).map((subject) =>
    Buffer.from(subject.slice(prefix.length), 'base64url').toString(),
  )
}

/** Lets a store forget that it has an object. */
export function forgetObject(server: SimServer, store: string, name: string): void {
  server.stream(`OBJ_${store}`).purge(subjectOf(store, name))
}
