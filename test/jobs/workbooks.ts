// Workbooks: zips made by hand, sound and hostile, where a writer of ours would only make sound ones.

import { constants, deflateRawSync } from 'node:zlib'

export interface Part {
  name: string
  content?: string | Buffer
  /** Packed bytes as they are, instead of `content`. */
  packed?: Buffer
  /** What the directory says it unpacks to; the truth by default. */
  declares?: number
  /** Begins where another part begins. */
  sharesBytesOf?: string
}

/** A zip archive of `parts`. */
export function zipOf(parts: readonly Part[]): Buffer {
  const chunks: Buffer[] = []
  const central: Buffer[] = []
  const offsets = new Map<string, number>()
  let offset = 0
  for (const { name, content = '', packed = deflateRawSync(content), ...part } of parts) {
    const bytes = part.declares ?? Buffer.byteLength(content)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(8, 8)
    local.writeUInt32LE(packed.length, 18)
    local.writeUInt32LE(bytes, 22)
    local.writeUInt16LE(name.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(8, 10)
    entry.writeUInt32LE(packed.length, 20)
    entry.writeUInt32LE(bytes, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE(offsets.get(part.sharesBytesOf ?? '') ?? offset, 42)
    central.push(entry, Buffer.from(name))
    offsets.set(name, offset)
    if (part.sharesBytesOf !== undefined) continue
    chunks.push(local, Buffer.from(name), packed)
    offset += 30 + name.length + packed.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...chunks, directory, end])
}

/** The parts of a workbook with one sheet. */
export function workbook(sheet: Partial<Part>): Part[] {
  const kind = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  return [
    {
      name: 'xl/workbook.xml',
      content: `<workbook xmlns:r="${kind}"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      content: `<Relationships><Relationship Id="r1" Type="${kind}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    },
    { name: 'xl/worksheets/sheet1.xml', ...sheet },
  ]
}

/** A sheet of rows written as XML. */
export function sheetOf(rows: string): string {
  return `<?xml version="1.0"?><worksheet><sheetData>${rows}</sheetData></worksheet>`
}

/** Packed bytes that unpack to `megabytes` of zeros, made without unpacking them once. */
export function zeros(megabytes: number): Buffer {
  const sync = { finishFlush: constants.Z_SYNC_FLUSH }
  const piece = deflateRawSync(Buffer.alloc(1024 * 1024), sync)
  return Buffer.concat([...Array<Buffer>(megabytes).fill(piece), deflateRawSync('')])
}
