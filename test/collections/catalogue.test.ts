import assert from 'node:assert/strict'
import { CatalogueBook } from '../../actors/collections/catalogue.ts'
import {
  type CatalogueEvent,
  type EntryChange,
  VERSIONS_MAX,
} from '../../actors/protocol/catalogue.ts'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import { CATALOGUE_1, type Catalogue } from '../../actors/protocol/dispositions.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('catalogue book')
const T0 = Date.parse('2026-01-05T06:00:00Z')

function put(book: CatalogueBook, version: number, ...entries: EntryChange[]) {
  const decision = book.decide(
    { type: 'disposition.put', change: { version, by: 'asha', entries } },
    T0,
  )
  for (const event of decision.events) book.apply(event)
  return decision
}

const PAYS = { code: 'PTP', aliases: [{ code: 'zahlt', channel: 'whatsapp' as const }] }

test('it begins with catalogue 1, and serves it', () => {
  const book = new CatalogueBook()
  assert.equal(book.newest, CATALOGUE_1)
  const { events, reply } = book.decide({ type: 'disposition.catalogue', version: 1 }, T0)
  assert.deepEqual(events, [])
  assert.ok(reply.type === 'catalogue')
  assert.deepEqual([reply.version, reply.newest, reply.entries.length], [1, 1, 27])
})

test('a change is a new version, whole, in one event that says who made it and when', () => {
  const book = new CatalogueBook()
  const { events, reply } = put(book, 1, PAYS)
  assert.equal(events.length, 1)
  const [{ type, campaign_id, at, by, catalogue }] = events as [CatalogueEvent]
  assert.deepEqual([type, campaign_id, at, by], ['catalogue.put', 0, T0, 'asha'])
  assert.equal(catalogue.entries.length, 27)
  assert.ok(reply.type === 'catalogue')
  assert.deepEqual([reply.version, reply.newest], [2, 2])
  assert.deepEqual(book.newest, catalogue)
})

test('D8: versions before it stay as they were', () => {
  const book = new CatalogueBook()
  put(book, 1, { code: 'PTP', rank: 60 })
  put(book, 2, PAYS)
  assert.deepEqual(book.version(1), CATALOGUE_1)
  assert.equal(rankOf(book.version(1), 'PTP'), 6)
  assert.equal(rankOf(book.version(2), 'PTP'), 60)
  for (const [version, standard] of [
    [2, 'UNMAPPED'],
    [3, 'PTP'],
  ] as const) {
    const asked = { channel: 'whatsapp', code: 'Zahlt', version } as const
    const { reply } = book.decide({ type: 'disposition.resolve', ...asked }, T0)
    assert.ok(reply.type === 'disposition')
    assert.deepEqual([reply.standard, reply.version], [standard, version])
  }
  for (const none of [0, 4]) assert.equal(book.version(none), undefined)
  const { reply } = book.decide({ type: 'disposition.catalogue', version: 4 }, T0)
  assert.match(JSON.stringify(reply), /NOT_FOUND.*there are versions 1 to 3/)
})

test('a change of another version than the newest is refused', () => {
  const book = new CatalogueBook()
  put(book, 1, PAYS)
  for (const version of [1, 3]) {
    const { events, reply } = put(book, version, { code: 'PTP', rank: 60 })
    assert.deepEqual(events, [])
    assert.match(JSON.stringify(reply), /VERSION_CONFLICT.*the newest is 2/)
  }
})

test('the same change again, as after a lost answer, is answered again and changes nothing', () => {
  const book = new CatalogueBook()
  const { reply } = put(book, 1, PAYS)
  const again = put(book, 1, PAYS)
  assert.deepEqual(again, { events: [], reply })
  // What is there already is no version either.
  assert.deepEqual(put(book, 2, PAYS), { events: [], reply })
  put(book, 2, { code: 'PTP', label: 'Pays' })
  assert.match(JSON.stringify(put(book, 1, PAYS).reply), /VERSION_CONFLICT/)
})

test('a faulty change is told with its place, and changes nothing', () => {
  const book = new CatalogueBook()
  const { events, reply } = put(book, 1, { code: 'PTP', rank: 1 })
  assert.deepEqual(events, [])
  assert.match(JSON.stringify(reply), /INVALID.*\/entries\/0\/rank/)
  assert.equal(book.newest, CATALOGUE_1)
})

test('versions have an end, and it is said', () => {
  const book = new CatalogueBook()
  book.load({ changes: Array.from({ length: VERSIONS_MAX - 1 }, () => []) })
  const { events, reply } = put(book, VERSIONS_MAX, PAYS)
  assert.deepEqual(events, [])
  assert.match(JSON.stringify(reply), /CATALOGUE_FULL.*has 10000 versions/)
})

test('the newest version is what is published', () => {
  const book = new CatalogueBook()
  const { events } = put(book, 1, PAYS)
  const keys = events.flatMap((event) => book.changed(event))
  assert.deepEqual(keys, ['catalogue'])
  assert.deepEqual(book.published(), [['catalogue', book.newest]])
  assert.equal(book.publishedAt('catalogue'), book.newest)
  assert.equal(book.publishedAt('agent.1'), undefined)
})

const change = fc.record(
  {
    code: fc.constantFrom('PTP', 'RNR', 'NIP'),
    label: fc.constantFrom('one', 'two'),
    rank: fc.integer({ min: 5, max: 60 }),
    aliases: fc.array(fc.record({ code: fc.constantFrom('a', 'b', 'c') }), { maxLength: 2 }),
  },
  { requiredKeys: ['code'] },
)

test('I7: a log replayed, and an image loaded, are the same book to the last version', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const book = new CatalogueBook()
      const log = changes.flatMap((one) => put(book, book.newest.version, one).events)
      const replayed = new CatalogueBook()
      for (const event of stored(log)) replayed.apply(event)
      const loaded = new CatalogueBook()
      loaded.load(stored(book.image()))
      for (const other of [replayed, loaded]) {
        assert.deepEqual(other.image(), book.image())
        assert.deepEqual(Buffer.from(pack(other.image())), Buffer.from(pack(book.image())))
        for (let version = 1; version <= book.newest.version; version++) {
          assert.deepEqual(other.version(version), book.version(version))
        }
      }
      assert.equal(book.newest.version, log.length + 1)
    }),
  )
})

/** As the log and snapshots give it back. */
function stored<T>(value: T): T {
  return unpack<T>(pack(value))
}

function rankOf(catalogue: Catalogue | undefined, code: string): number | undefined {
  return catalogue?.entries.find((entry) => entry.code === code)?.rank
}

test.run()
