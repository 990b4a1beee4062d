// Zip: what is in an archive according to its directory, judged before anything is inflated.
//
//   Z1. Nothing is inflated before all of the directory was found within the limits.
//   Z2. An entry that inflates to another size than it declares is an error, found without
//       holding more than the declared size.
//   Z3. Names are only compared, never used as paths.

import { inflateRawSync } from 'node:zlib'
import { InputError } from '../protocol/errors.ts'

export interface ZipEntry {
  name: string
  stored: boolean
  packedBytes: number
  bytes: number
  /** Where its local header begins. */
  offset: number
}

export interface ZipLimits {
  entries: number
  /** Inflated, all entries together, bytes. */
  bytes: number
  /** Inflated to packed, for entries large enough to matter. */
  ratio: number
}

/** Repetitive XML of this size may compress beyond any ratio and still do no harm, bytes. */
const RATIO_FROM_BYTES = 1024 * 1024
const END_BYTES = 22
const CENTRAL_BYTES = 46
const LOCAL_BYTES = 30
const END_MAGIC = 0x06054b50
const CENTRAL_MAGIC = 0x02014b50
const LOCAL_MAGIC = 0x04034b50
const IN_EXTRA = 0xffffffff

/** The entries of an archive; throws InputError for one that is broken or beyond the limits. */
export function readDirectory(zip: Buffer, limits: ZipLimits): ZipEntry[] {
  const end = findEnd(zip)
  const count = zip.readUInt16LE(end + 10)
  if (count > limits.entries) throw bomb(`holds ${count} parts, at most ${limits.entries} are read`)
  const entries: ZipEntry[] = []
  let at = zip.readUInt32LE(end + 16)
  const start = at
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > end || zip.readUInt32LE(at) !== CENTRAL_MAGIC) throw broken()
    const next =
      at +
      CENTRAL_BYTES +
      zip.readUInt16LE(at + 28) +
      zip.readUInt16LE(at + 30) +
      zip.readUInt16LE(at + 32)
    if (next > end) throw broken()
    entries.push(readEntry(zip, at))
    at = next
  }
  judge(entries, start, limits)
  return entries
}

/** An entry's content, exactly as long as it declares. */
export function inflateEntry(zip: Buffer, entry: ZipEntry): Buffer {
  const { offset, packedBytes, bytes } = entry
  if (offset + LOCAL_BYTES > zip.length || zip.readUInt32LE(offset) !== LOCAL_MAGIC) throw broken()
  const start = offset + LOCAL_BYTES + zip.readUInt16LE(offset + 26) + zip.readUInt16LE(offset + 28)
  const packed = zip.subarray(start, start + packedBytes)
  if (entry.stored) {
    if (packed.length !== bytes) throw broken()
    return packed
  }
  let content: Buffer
  try {
    content = inflateRawSync(packed, { maxOutputLength: Math.max(bytes, 1) })
  } catch (cause) {
    throw broken(cause)
  }
  if (content.length !== bytes) throw broken()
  return content
}

/** The end record: it is last, save for a comment of up to 64 KB. */
function findEnd(zip: Buffer): number {
  const last = zip.length - END_BYTES
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (zip.readUInt32LE(at) === END_MAGIC && zip.readUInt32LE(at + 16) <= at) return at
  }
  throw broken()
}

function readEntry(zip: Buffer, at: number): ZipEntry {
  const flags = zip.readUInt16LE(at + 8)
  const method = zip.readUInt16LE(at + 10)
  if ((flags & 1) !== 0)
    throw new InputError('XLSX_BROKEN', 'workbook has a password: save it without')
  if (method !== 0 && method !== 8) throw broken()
  const nameEnd = at + CENTRAL_BYTES + zip.readUInt16LE(at + 28)
  const extra = zip.subarray(nameEnd, nameEnd + zip.readUInt16LE(at + 30))
  const [bytes, packedBytes, offset] = wide(extra, [
    zip.readUInt32LE(at + 24),
    zip.readUInt32LE(at + 20),
    zip.readUInt32LE(at + 42),
  ]) as [number, number, number]
  return {
    name: zip.toString('utf8', at + CENTRAL_BYTES, nameEnd),
    stored: method === 0,
    packedBytes,
    bytes,
    offset,
  }
}

/** Some writers keep every size in the zip64 field, large or not. */
function wide(extra: Buffer, sizes: number[]): number[] {
  if (!sizes.includes(IN_EXTRA)) return sizes
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    let from = at + 4
    return sizes.map((size) => {
      if (size !== IN_EXTRA) return size
      if (from + 8 > extra.length) throw broken()
      from += 8
      return Number(extra.readBigUInt64LE(from - 8))
    })
  }
  throw broken()
}

/** Limits, and that no two entries share a name or bytes: a few packed bytes could count often. */
function judge(entries: ZipEntry[], directory: number, limits: ZipLimits): void {
  let total = 0
  for (const { bytes, packedBytes } of entries) {
    total += bytes
    if (bytes > RATIO_FROM_BYTES && bytes > packedBytes * limits.ratio) {
      throw bomb(`has a part that unpacks to more than ${limits.ratio} times its size`)
    }
  }
  if (total > limits.bytes) {
    throw bomb(`unpacks to ${total} bytes, at most ${limits.bytes} are read`)
  }
  if (new Set(entries.map(({ name }) => name)).size < entries.length) throw broken()
  const inOrder = entries.toSorted((a, b) => a.offset - b.offset)
  for (const [i, { offset, packedBytes, name }] of inOrder.entries()) {
    const next = inOrder[i + 1]?.offset ?? directory
    if (offset + LOCAL_BYTES + name.length + packedBytes > next) throw broken()
  }
}

function bomb(what: string): InputError {
  return new InputError('XLSX_TOO_LARGE', `workbook ${what}: split it, or save it as .csv`)
}

function broken(cause?: unknown): InputError {
  const error = new InputError('XLSX_BROKEN', 'workbook is damaged: save it again as .xlsx or .csv')
  error.cause = cause
  return error
}
