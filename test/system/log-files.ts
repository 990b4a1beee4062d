// Log files: what the server keeps of a stream on its disk, to be damaged while it is down, as a disk
// does: cut off at its end, or with bits that fell over.

import { readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { EVENTS } from '../../actors/protocol/subjects.ts'

/** Where a server of this store keeps the log's messages. */
export function logDir(storeDir: string): string {
  return join(storeDir, 'jetstream', '$G', 'streams', EVENTS, 'msgs')
}

/** Takes so many bytes from the end of the newest block; returns how many were there. */
export function cutOff(dir: string, bytes: number): number {
  const block = newestBlock(dir)
  const { size } = statSync(block)
  truncateSync(block, Math.max(0, size - Math.round(bytes)))
  return size
}

/** Turns one bit over in each of `places` (shares of the block, from 0 to 1). */
export async function turnBits(dir: string, places: readonly number[]): Promise<void> {
  const block = newestBlock(dir)
  await using file = await open(block, 'r+')
  const { size } = await file.stat()
  for (const place of places) {
    const at = Math.floor(place * size)
    const byte = new Uint8Array(1)
    await file.read(byte, 0, 1, at)
    byte[0] = (byte[0] ?? 0) ^ 0x10
    await file.write(byte, 0, 1, at)
  }
}

/** What the server remembers of the blocks is gone, so that it has to read them. */
export function forgetIndex(dir: string): void {
  rmSync(join(dir, 'index.db'), { force: true })
}

/** Blocks are numbered as they are begun. */
function newestBlock(dir: string): string {
  const numbers = readdirSync(dir).flatMap((name) => {
    const [, number] = /^(\d+)\.blk$/.exec(name) ?? []
    return number === undefined ? [] : [Number(number)]
  })
  if (numbers.length === 0) throw new Error(`${dir} holds no block`)
  return join(dir, `${Math.max(...numbers)}.blk`)
}
