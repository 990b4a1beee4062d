import assert from 'node:assert/strict'
import { parse } from 'csv-parse/sync'
import type { Row } from '../../actors/jobs/row.ts'
import { readRows, singly } from '../../actors/jobs/rows.ts'
import { csvRows } from '../../actors/jobs/rows-csv.ts'
import { InputError } from '../../actors/protocol/errors.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { bytesOf, collect } from './files.ts'

const test = suite('csv rows')

async function read(text: string | Buffer, chunkBytes = 1 << 20): Promise<Row[]> {
  return await collect(singly(csvRows(bytesOf(text, chunkBytes))))
}

async function refusal(text: string | Buffer): Promise<InputError> {
  try {
    await read(text)
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('was not refused')
}

const cellsOf = (rows: Row[]) => rows.map(({ cells }) => cells)

test('A3: a byte order mark and CRLF are accepted', async () => {
  const rows = await read('\ufeffid,city\r\n1,Delhi\r\n2,Mumbai\r\n')
  assert.deepEqual(cellsOf(rows), [
    ['id', 'city'],
    ['1', 'Delhi'],
    ['2', 'Mumbai'],
  ])
})

test('semicolon and tab are taken from the header, also beside commas in its names', async () => {
  assert.deepEqual(cellsOf(await read('id;"City, State";x\n1;Delhi;2,5\n'))[1], [
    '1',
    'Delhi',
    '2,5',
  ])
  assert.deepEqual(cellsOf(await read('id\tcity\n1\tDelhi, IN\n'))[1], ['1', 'Delhi, IN'])
  assert.deepEqual(cellsOf(await read('id\n1\n')), [['id'], ['1']])
})

test('quoted newlines belong to their cell, and lines count as an editor counts them', async () => {
  const rows = await read('id,note\r\n1,"a\r\nb ""c"""\r\n\r\n2,d\n3,"e\n\nf"\n4,g')
  assert.deepEqual(rows, [
    { line: 1, cells: ['id', 'note'] },
    { line: 2, cells: ['1', 'a\r\nb "c"'] },
    { line: 5, cells: ['2', 'd'] },
    { line: 6, cells: ['3', 'e\n\nf'] },
    { line: 9, cells: ['4', 'g'] },
  ])
})

test('V1: bad quotes cost their row only, whichever kind', async () => {
  const rows = await read('id,city\n1,12" pipe\n2,"ab"c\n3,ok\n4,"fine"\n5,"never closed\n6,ok\n')
  assert.deepEqual(
    rows.map(({ line, cells, fault }) => fault ?? `${line} ${cells.join('|')}`),
    [
      '1 id|city',
      'has a quote inside an unquoted text: quote it whole',
      'has text after a closing quote: double quotes inside a text',
      '4 3|ok',
      '5 4|fine',
      'has a quote that is not closed: close it, or double it',
      '7 6|ok',
    ],
  )
  assert.deepEqual(
    rows.filter(({ fault }) => fault !== undefined).map(({ line }) => line),
    [2, 3, 6],
  )
})

test('V2: a line without an end is given up at 64 KB and reading goes on behind it', async () => {
  const long = 'x'.repeat(1_000_000)
  for (const before of ['', '0,"q"\n']) {
    const rows = await read(`id,n\n${before}1,${long}\n2,b\n`, 1000)
    const [fault, after] = rows.slice(-2)
    assert.match(fault?.fault ?? '', /longer than 65536 bytes/)
    assert.deepEqual(after?.cells, ['2', 'b'])
    assert.equal(after?.line, before === '' ? 3 : 4)
  }
})

test('V2: an open quote is given up at 64 KB, not at the end of the file', async () => {
  const filler = '7,some text\n'.repeat(60_000)
  const rows = await read(`id,n\n1,"open\n${filler}`, 4096)
  assert.match(rows[1]?.fault ?? '', /quote that is not closed/)
  assert.equal(rows.length, 60_002)
  assert.deepEqual(rows.at(-1), { line: 60_002, cells: ['7', 'some text'] })
})

test('what is not UTF-8 is refused with its line', async () => {
  const latin1 = Buffer.concat([
    Buffer.from('id,n\n1,a\n2,'),
    Buffer.from([0xe9]),
    Buffer.from('\n'),
  ])
  const error = await refusal(latin1)
  assert.equal(error.code, 'NOT_UTF8')
  assert.match(error.message, /^line 3: not UTF-8: save the file as "CSV UTF-8"$/)
  await assert.rejects(readRows(bytesOf(Buffer.from('\ufeffid\n', 'utf16le'))), {
    code: 'NOT_UTF8',
  })
})

test('a lone CR as line end, and a first line without an end, are refused in words', async () => {
  assert.match((await refusal('id,n\r1,a\r')).message, /lone CR/)
  assert.match((await refusal(`id,${'x'.repeat(70_000)}`)).message, /first line is longer/)
})

test('an empty file has no rows, and a last line needs no end', async () => {
  assert.deepEqual(await read(''), [])
  assert.deepEqual(cellsOf(await read('id\n1')), [['id'], ['1']])
})

const cell = fc.oneof(fc.string({ maxLength: 8 }), fc.stringMatching(/^[a",;\r\n é€😀-]{0,12}$/u))
const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), {
  minLength: 1,
  maxLength: 30,
})

function csvOf(rows: string[][], lineEnd: string): string {
  const quoted = (text: string) =>
    /[",;\t\r\n]/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text
  return rows.map((cells) => cells.map(quoted).join(',') + lineEnd).join('')
}

test('any table reads as csv-parse reads it, however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 50 }),
      async (rows, lineEnd, chunkBytes) => {
        const text = `id,name${lineEnd}${csvOf(rows, lineEnd)}`
        const wanted: string[][] = parse(text, {
          relax_column_count: true,
          record_delimiter: lineEnd,
        })
        assert.deepEqual(cellsOf(await read(text, chunkBytes)), wanted)
      },
    ),
    { numRuns: 300 },
  )
})

test('V1: whatever the bytes, every line that is not blank is told of, in order', async () => {
  const noise = fc.stringMatching(/^[ab1,;"\n\r]{0,200}$/)
  await fc.assert(
    fc.asyncProperty(noise, async (text) => {
      const rows = await read(`id,n\n${text}`)
      const lines = rows.map(({ line }) => line)
      assert.deepEqual(
        lines,
        [...new Set(lines)].sort((a, b) => a - b),
      )
      // Between two rows lie only blank lines and the further lines of the first.
      for (const [i, { line, cells, fault }] of rows.entries()) {
        const next = rows[i + 1]?.line ?? text.split('\n').length + 2
        const own = fault === undefined ? cells.join('').split('\n').length : 1
        const between = `id,n\n${text}`.split('\n').slice(line - 1 + own, next - 1)
        assert.ok(
          between.every((blank) => /^\r*$/.test(blank)),
          `${line}..${next}`,
        )
      }
    }),
    { numRuns: 1000 },
  )
})

test.run()
