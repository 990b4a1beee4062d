import assert from 'node:assert/strict'
import writeXlsxFile from 'write-excel-file/node'
import type { Row } from '../../actors/jobs/row.ts'
import { readRows, singly } from '../../actors/jobs/rows.ts'
import { InputError } from '../../actors/protocol/errors.ts'
import { suite } from '../support/suite.ts'
import { bytesOf, collect } from './files.ts'
import { type Part, sheetOf, workbook, zeros, zipOf } from './workbooks.ts'

const test = suite('xlsx rows')

async function read(file: Uint8Array): Promise<Row[]> {
  return await collect(singly(await readRows(bytesOf(file))))
}

async function refusal(file: Uint8Array): Promise<InputError> {
  try {
    await read(file)
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('was not refused')
}

/** What reading takes: time, and resident memory at its highest, against before. */
async function measured(act: () => Promise<unknown>): Promise<{ ms: number; growthMb: number }> {
  const before = process.memoryUsage.rss()
  let most = before
  const sampling = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 10)
  const began = performance.now()
  await act().finally(() => clearInterval(sampling))
  return { ms: performance.now() - began, growthMb: (most - before) / 1024 / 1024 }
}

test('A4: texts, numbers, booleans, dates and blank rows come as a CSV would have them', async () => {
  const at = new Date('2026-01-05T10:10:10Z')
  const file = await writeXlsxFile([
    [{ value: 'id' }, { value: 'city' }, { value: 'at' }, { value: 'x' }],
    [
      { value: 9_007_199_254_740_991 },
      { value: ' A & <B> "é" ' },
      { value: at, format: 'yyyy-mm-dd hh:mm:ss' },
      { value: true },
    ],
    [null],
    [{ value: 0.1 }, null, null, { value: 'line\nbreak' }],
  ]).toBuffer()
  assert.deepEqual(await read(file), [
    { line: 1, cells: ['id', 'city', 'at', 'x'] },
    {
      line: 2,
      cells: ['9007199254740991', ' A & <B> "é" ', '2026-01-05T10:10:10.000Z', 'TRUE'],
    },
    { line: 4, cells: ['0.1', '', '', 'line\nbreak'] },
  ])
})

test('a number longer than a double holds keeps its digits, to be judged as they are', async () => {
  const sheet = sheetOf('<row r="1"><c r="A1"><v>9007199254740993</v></c></row>')
  assert.deepEqual(await read(zipOf(workbook({ content: sheet }))), [
    { line: 1, cells: ['9007199254740993'] },
  ])
})

test('G20: .xls, .xlsm, .xlsb and passwords are refused with what to do', async () => {
  const xls = Buffer.from('d0cf11e0a1b11ae1', 'hex')
  assert.equal((await refusal(xls)).code, 'XLS_UNSUPPORTED')
  assert.match((await refusal(xls)).message, /save as \.xlsx or \.csv/)
  const parts = workbook({ content: sheetOf('') })
  for (const name of ['xl/vbaProject.bin', 'xl/workbook.bin']) {
    const error = await refusal(zipOf([...parts, { name, content: 'x' }]))
    assert.equal(error.code, 'XLS_UNSUPPORTED')
  }
  const locked = zipOf(parts)
  locked.writeUInt16LE(1, locked.lastIndexOf('PK\x01\x02') + 8)
  assert.match((await refusal(locked)).message, /password/)
})

test('a zip bomb is refused by its directory, in no time and no memory', async () => {
  const bomb = zipOf(workbook({ packed: zeros(1024), declares: 1024 ** 3 }))
  assert.ok(bomb.length < 2 * 1024 * 1024)
  const { ms, growthMb } = await measured(async () => {
    assert.equal((await refusal(bomb)).code, 'XLSX_TOO_LARGE')
  })
  assert.ok(ms < 3000 && growthMb < 100, `${ms} ms, ${growthMb} MB`)
})

test('Z2: a zip bomb that declares little is stopped at what it declared', async () => {
  const bomb = zipOf(workbook({ packed: zeros(1024), declares: 50_000_000 }))
  const { ms, growthMb } = await measured(async () => {
    assert.equal((await refusal(bomb)).code, 'XLSX_BROKEN')
  })
  assert.ok(ms < 3000 && growthMb < 200, `${ms} ms, ${growthMb} MB`)
})

test('Z1: too many parts, shared bytes, twice the same name and broken directories are refused', async () => {
  const sheet = sheetOf('<row r="1"><c r="A1"><v>1</v></c></row>')
  const parts = workbook({ content: sheet })
  const many: Part[] = Array.from({ length: 201 }, (_, i) => ({ name: `xl/media/${i}.png` }))
  const sharing = {
    name: 'xl/b.xml',
    packed: zeros(1),
    declares: 9,
    sharesBytesOf: parts[2]?.name ?? '',
  }
  const sound = zipOf(parts)
  const hostile: [Buffer, string][] = [
    [zipOf([...parts, ...many]), 'XLSX_TOO_LARGE'],
    [zipOf([...parts, sharing]), 'XLSX_BROKEN'],
    [zipOf([...parts, ...parts.slice(2)]), 'XLSX_BROKEN'],
    [sound.subarray(0, sound.length - 30), 'XLSX_BROKEN'],
    [zipOf(parts.slice(0, 2)), 'XLSX_BROKEN'],
    [zipOf([{ name: 'mimetype', content: 'application/vnd.oasis' }]), 'XLSX_BROKEN'],
    [zipOf(workbook({ content: '<worksheet><sheetData><row' })), 'XLSX_BROKEN'],
    [Buffer.from('PK\x03\x04 and nothing more'), 'XLSX_BROKEN'],
  ]
  for (const [i, [file, code]] of hostile.entries()) {
    assert.equal((await refusal(file)).code, code, `hostile file ${i}`)
  }
})

test('a sheet with rows beyond the limit is refused before it is read', async () => {
  const far = sheetOf('<row r="900000000"><c r="A900000000"><v>1</v></c></row>')
  const { ms, growthMb } = await measured(async () => {
    assert.equal((await refusal(zipOf(workbook({ content: far })))).code, 'XLSX_TOO_LARGE')
  })
  assert.ok(ms < 3000 && growthMb < 100, `${ms} ms, ${growthMb} MB`)
})

test('X1: a sheet that grows without end ends its thread, not this process', async () => {
  const wide = sheetOf('<row r="1"><c r="ZZZZZZZ1"><v>1</v></c></row>')
  const { ms, growthMb } = await measured(async () => {
    assert.equal((await refusal(zipOf(workbook({ content: wide })))).code, 'XLSX_TOO_LARGE')
  })
  assert.ok(ms < 30_000 && growthMb < 1200, `${ms} ms, ${growthMb} MB`)
})

test('a signal ends the reading of a workbook before its first row', async () => {
  const wide = sheetOf('<row r="1"><c r="ZZZZZZZ1"><v>1</v></c></row>')
  const asked = new AbortController()
  const reading = readRows(bytesOf(zipOf(workbook({ content: wide }))), asked.signal).then((rows) =>
    collect(singly(rows)),
  )
  setTimeout(() => asked.abort(), 300)
  const began = performance.now()
  await assert.rejects(reading, { name: 'AbortError' })
  assert.ok(performance.now() - began < 2000)
})

test('XML entities of its own and outside files are not followed', async () => {
  const sheet = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY b "bb">]><worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&a;&b;</t></is></c></row></sheetData></worksheet>`
  const rows = await read(zipOf(workbook({ content: sheet }))).catch((error: InputError) => {
    assert.equal(error.code, 'XLSX_BROKEN')
    return []
  })
  assert.ok(
    rows.every(({ cells }) => cells.every((cell) => !/bb|\w{3}/.test(cell.replace(/&\w;/g, '')))),
  )
})

test.run()
