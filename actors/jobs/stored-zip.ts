// Stored zip: an archive in which nothing is packed, for a reader that shall have nothing to unpack.

import type { ZipEntry } from './zip.ts'

const LOCAL_BYTES = 30
const CENTRAL_BYTES = 46
const END_BYTES = 22
const LOCAL_MAGIC = 0x04034b50
const CENTRAL_MAGIC = 0x02014b50
const END_MAGIC = 0x06054b50
/** Names are UTF-8. */
const FLAGS = 0x0800

/**
 * An archive of `entries` with what `contentOf` makes of each, one after another, so that only one
 * is held beside the archive. Checksums are left zero: whoever reads it has just made it.
 */
export function storedZip(
  entries: readonly ZipEntry[],
  contentOf: (entry: ZipEntry) => Uint8Array,
): ArrayBuffer {
  const names = entries.map(({ name }) => Buffer.from(name))
  const room = entries.reduce(
    (sum, { bytes }, i) => sum + LOCAL_BYTES + CENTRAL_BYTES + 2 * (names[i]?.length ?? 0) + bytes,
    END_BYTES,
  )
  const zip = new Uint8Array(room)
  const view = new DataView(zip.buffer)
  const offsets: number[] = []
  let at = 0
  for (const [i, entry] of entries.entries()) {
    const name = names[i] ?? Buffer.alloc(0)
    offsets.push(at)
    view.setUint32(at, LOCAL_MAGIC, true)
    view.setUint16(at + 6, FLAGS, true)
    view.setUint32(at + 18, entry.bytes, true)
    view.setUint32(at + 22, entry.bytes, true)
    view.setUint16(at + 26, name.length, true)
    zip.set(name, at + LOCAL_BYTES)
    zip.set(contentOf(entry), at + LOCAL_BYTES + name.length)
    at += LOCAL_BYTES + name.length + entry.bytes
  }
  const directory = at
  for (const [i, entry] of entries.entries()) {
    const name = names[i] ?? Buffer.alloc(0)
    view.setUint32(at, CENTRAL_MAGIC, true)
    view.setUint16(at + 8, FLAGS, true)
    view.setUint32(at + 20, entry.bytes, true)
    view.setUint32(at + 24, entry.bytes, true)
    view.setUint16(at + 28, name.length, true)
    view.setUint32(at + 42, offsets[i] ?? 0, true)
    zip.set(name, at + CENTRAL_BYTES)
    at += CENTRAL_BYTES + name.length
  }
  view.setUint32(at, END_MAGIC, true)
  view.setUint16(at + 8, entries.length, true)
  view.setUint16(at + 10, entries.length, true)
  view.setUint32(at + 12, at - directory, true)
  view.setUint32(at + 16, directory, true)
  return zip.buffer
}
