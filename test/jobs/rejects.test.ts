import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { RejectsCsv } from '../../actors/jobs/rejects.ts'
import type { ByteSource } from '../../actors/runtime/sealed-stream.ts'
import { suite } from '../support/suite.ts'

const test = suite('rejects')

function kept(): { csv: RejectsCsv; content: () => string | null } {
  let content: string | null = null
  const open = async (bytes: ByteSource) => {
    content = await text(Readable.from(bytes))
  }
  return { csv: new RejectsCsv(open), content: () => content }
}

test('rows, fields and reasons, with what looks like a formula made harmless', async () => {
  const { csv, content } = kept()
  await csv.write({ row: 2, field: 'phone', reason: 'must be "E.164", with its country' })
  await csv.write({ row: 3, field: '=cmd()', reason: '+1' })
  assert.equal(await csv.close(), true)
  assert.equal(
    content(),
    `row,field,reason\n2,phone,"must be ""E.164"", with its country"\n3,'=cmd(),'+1\n`,
  )
})

test('without rejects nothing is opened', async () => {
  const { csv, content } = kept()
  assert.equal(await csv.close(), false)
  assert.equal(content(), null)
})

test('a slow reader is waited for', async () => {
  let read = 0
  const csv = new RejectsCsv(async (bytes) => {
    for await (const chunk of bytes) {
      await new Promise((resolve) => setImmediate(resolve))
      read += chunk.length
    }
  })
  for (let row = 0; row < 20_000; row++) await csv.write({ row, field: 'id', reason: 'is empty' })
  await csv.close()
  assert.ok(read > 20_000 * 15)
})

test('a place that cannot be written fails whoever writes', async () => {
  const csv = new RejectsCsv(async () => {
    throw new Error('disk full')
  })
  const writing = async () => {
    for (let row = 0; row < 10_000; row++) await csv.write({ row, field: 'id', reason: 'is empty' })
    await csv.close()
  }
  await assert.rejects(writing(), { message: 'disk full' })
  await csv.drop()
})

test.run()
