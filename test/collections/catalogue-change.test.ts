import assert from 'node:assert/strict'
import { CATALOGUE_BYTES_MAX, nextCatalogue } from '../../actors/collections/catalogue-change.ts'
import { catalogueSchema, type EntryChange } from '../../actors/protocol/catalogue.ts'
import {
  CATALOGUE_1,
  type Catalogue,
  CHANNELS,
  CONTRACT_CODES,
  CONTRACT_EFFECTS,
  Dictionary,
  EFFECTS,
  GROUPS,
} from '../../actors/protocol/dispositions.ts'
import { check } from '../../actors/protocol/schema.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('catalogue change')

/** A new entry nothing is wrong with. */
const NEW: EntryChange = {
  code: 'ESC',
  label: 'Escalated',
  group: 'negative',
  rank: 40,
  human: true,
  rpc: true,
  effect: 'hold',
}

function next(...entries: EntryChange[]): ReturnType<typeof nextCatalogue> {
  return nextCatalogue(CATALOGUE_1, { version: 1, by: 'ops', entries })
}

function made(...entries: EntryChange[]): Catalogue {
  const catalogue = next(...entries)
  assert.ok('entries' in catalogue, JSON.stringify(catalogue))
  return catalogue
}

/** Path and reason of the fault it must have. */
function fault(...entries: EntryChange[]): string {
  const reply = next(...entries)
  assert.ok('error' in reply || 'message' in reply, JSON.stringify(reply))
  return JSON.stringify(reply)
}

test('an entry keeps what the change does not name, and the others stay as they are', () => {
  const { version, entries } = made({ code: 'PTP', label: 'Will pay', rank: 60 })
  assert.equal(version, 2)
  assert.equal(entries.length, CATALOGUE_1.entries.length)
  for (const [i, entry] of entries.entries()) {
    const before = CATALOGUE_1.entries[i]
    const change = entry.code === 'PTP' ? { label: 'Will pay', rank: 60 } : {}
    assert.deepEqual(entry, { ...before, ...change })
  }
})

test('a new entry needs all that reports and the lead machine ask of it', () => {
  const entry = made({ ...NEW, aliases: [{ code: 'ESKA' }] }).entries.at(-1)
  assert.deepEqual(entry, { ...NEW, aliases: [{ code: 'ESKA' }] })
  for (const name of ['label', 'group', 'rank', 'human', 'rpc', 'effect'] as const) {
    const { [name]: _, ...rest } = NEW
    assert.match(fault(rest), new RegExp(`/entries/0/${name}: required: ESC is a new entry`))
  }
})

test('aliases are added to those there are, and said again they are one', () => {
  const aliases = [
    { code: ' Zahlt ', channel: 'sms' as const },
    { code: 'zahlt', channel: 'sms' as const },
    { code: 'PROMISE' },
    { code: 'ptp' },
  ]
  const before = CATALOGUE_1.entries.find(({ code }) => code === 'PTP')?.aliases ?? []
  const after = made({ code: 'PTP', aliases }).entries.find(({ code }) => code === 'PTP')?.aliases
  assert.deepEqual(after, [...before, { code: 'Zahlt', channel: 'sms' }])
})

test('null takes away what an entry had', () => {
  const { entries } = made({ code: 'RTP', hold_after: null, effect: 'miss', after_h: null })
  const entry = entries.find(({ code }) => code === 'RTP')
  assert.ok(entry !== undefined && !('hold_after' in entry) && !('after_h' in entry))
})

test('ranks stay a total order: one that is taken is refused, a swap in one change is not', () => {
  assert.match(fault({ code: 'PTP', rank: 1 }), /\/entries\/0\/rank: 1 is the rank of PAID: choose/)
  assert.match(fault({ ...NEW, rank: 6 }), /6 is the rank of PTP/)
  assert.match(
    fault({ code: 'PTP', rank: 50 }, { code: 'RNR', rank: 50 }),
    /\/entries\/1\/rank: 50 is the rank of PTP/,
  )
  const { entries } = made({ code: 'PTP', rank: 7 }, { code: 'CLMPD', rank: 6 })
  assert.equal(new Set(entries.map(({ rank }) => rank)).size, entries.length)
})

test('an alias means one entry on a channel, and is nobody else’s code', () => {
  const whole = { code: 'RNR', aliases: [{ code: 'ok' }, { code: 'will_pay' }] }
  assert.match(
    fault(whole),
    /\/entries\/0\/aliases\/1: .*will_pay.* cannot mean PTP and RNR on all channels/,
  )
  const x = { code: 'X', channel: 'sms' as const }
  assert.match(
    fault({ code: 'RNR', aliases: [x] }, { code: 'PTP', aliases: [{ ...x, code: ' x' }] }),
    /cannot mean PTP and RNR on sms/,
  )
  assert.match(fault({ code: 'RNR', aliases: [{ code: 'paid' }] }), /cannot mean PAID and RNR/)
  assert.match(fault({ ...NEW, code: 'PROMISE' }), /\/entries\/0\/code: .*PROMISE.* cannot mean/)
})

test('what all channels call one thing, one of them may call another', () => {
  const catalogue = made({ code: 'CONV', aliases: [{ code: 'D', channel: 'sms' }] })
  const dictionary = new Dictionary(catalogue)
  assert.equal(dictionary.resolve('sms', 'D')?.code, 'CONV')
  assert.equal(dictionary.resolve('call', 'D')?.code, 'DISP')
})

test('an entry that contradicts itself is refused, with the field and the cure', () => {
  const cases: [Partial<EntryChange>, RegExp][] = [
    [{ human: false }, /\/entries\/0\/human: must be true where .*rpc/],
    [{ effect: 'later' }, /\/entries\/0\/after_h: required with effect later/],
    [{ effect: 'miss', after_h: 3 }, /after_h: does not go with effect miss: set it to null/],
    [{ group: 'protected', effect: 'suppressed' }, /suppresses: required with effect suppressed/],
    [{ suppresses: 'contact' }, /suppresses: does not go with effect hold/],
    [{ hold_after: 2 }, /hold_after: does not go with effect hold/],
    [{ effect: 'converted' }, /group: must be resolved with effect converted/],
    [{ group: 'protected', effect: 'miss' }, /effect: must be suppressed or hold in group prot/],
    [{ code: 'UNMAPPED' }, /code: UNMAPPED is no disposition/],
  ]
  for (const [wrong, says] of cases) assert.match(fault({ ...NEW, ...wrong }), says)
  assert.match(fault(NEW, NEW), /\/entries\/1\/code: must not repeat an entry/)
})

test('the contract’s codes cannot be given another meaning', () => {
  const kept = /\/entries\/1\/effect: no_answer is a code of the contract, and its effect is miss/
  assert.match(fault({ code: 'PTP', label: 'Pays' }, { code: 'RNR', effect: 'again' }), kept)
  assert.match(fault({ code: 'CB', after_h: 4 }), /after_h: must be null: with the contract’s code/)
  const callback = [{ code: 'x' }, { code: 'Callback', channel: 'call' as const }]
  assert.match(
    fault({ code: 'RNR', aliases: callback }),
    /\/entries\/0\/aliases\/1: callback is a code of the contract/,
  )
  const busy = { code: 'RNR', aliases: [{ code: 'busy', channel: 'call' as const }] }
  assert.match(fault(busy), /cannot mean BUSY and RNR on call/)
})

test('a catalogue has a size it does not grow beyond', () => {
  const alias = (i: number) => ({ code: `${i} ${'é'.repeat(50)}` })
  const aliases = Array.from({ length: CATALOGUE_BYTES_MAX / 100 }, (_, i) => alias(i))
  assert.match(fault({ code: 'PTP', aliases }), /\/entries: the catalogue would take more than/)
})

test('the schema says what a change may be, with the place of what is wrong', () => {
  const entries = [{ code: 'PTP' }]
  const said = (body: object) => {
    const result = check(catalogueSchema, { version: 1, by: 'ops', entries, ...body })
    return result.ok ? 'ok' : `${result.fault.path}: ${result.fault.reason}`
  }
  assert.equal(said({}), 'ok')
  assert.equal(said({ entries: [] }), '/entries: must hold an entry')
  assert.match(said({ entries: [{ code: 'ptp' }] }), /^\/entries\/0\/code: must be upper case/)
  assert.match(said({ entries: [{ code: 'PTP', rank: 9999 }] }), /\/rank: .* from 1 to 9998/)
  assert.match(
    said({ entries: [{ code: 'PTP', aliases: [{ code: ' ' }] }] }),
    /^\/entries\/0\/aliases\/0\/code: must not be blank/,
  )
  assert.match(said({ version: 0 }), /^\/version: must be an integer from 1/)
  assert.match(said({ by: '' }), /^\/by: must not be empty/)
})

const known = fc.constantFrom('PTP', 'RNR', 'CB', 'DNC', 'RTP')
const aliases = fc.array(
  fc.record(
    {
      code: fc.constantFrom('a', 'A ', 'b', 'busy', 'PTP', 'callback', 'DC'),
      channel: fc.constantFrom(...CHANNELS),
    },
    { requiredKeys: ['code'] },
  ),
  { maxLength: 3 },
)
const rank = fc.integer({ min: 1, max: 60 })
/** Mostly what somebody would mean, at times anything. */
const anEntry = fc.oneof(
  { weight: 4, arbitrary: fc.record({ code: known, aliases }) },
  { weight: 2, arbitrary: fc.record({ code: known, rank }) },
  { weight: 2, arbitrary: fc.record({ code: fc.constantFrom('NEW', 'B', 'X') }) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        code: known,
        group: fc.constantFrom(...GROUPS),
        human: fc.boolean(),
        rpc: fc.boolean(),
        effect: fc.constantFrom(...EFFECTS),
        after_h: fc.constantFrom(1, null),
        suppresses: fc.constantFrom('contact' as const, null),
        hold_after: fc.constantFrom(2, null),
      },
      { requiredKeys: ['code'] },
    ),
  },
)
const newOr = (entry: EntryChange, i: number): EntryChange =>
  entry.code === 'NEW' || entry.code === 'X' ? { ...NEW, rank: 70 + i, ...entry } : entry

test('whatever is changed: ranks differ, codes mean one entry, the contract’s codes keep their effect', () => {
  let accepted = 0
  fc.assert(
    fc.property(fc.array(fc.array(anEntry, { minLength: 1, maxLength: 3 })), (changes) => {
      let catalogue = CATALOGUE_1
      for (const some of changes) {
        const entries = some.map(newOr)
        const after = nextCatalogue(catalogue, { version: 1, by: 'ops', entries })
        if (!('entries' in after)) continue
        accepted++
        assert.equal(after.version, catalogue.version + 1)
        holds(after, catalogue)
        catalogue = after
      }
    }),
    { numRuns: 300 },
  )
  assert.ok(accepted > 100, `only ${accepted} changes were accepted`)
})

function holds(after: Catalogue, before: Catalogue): void {
  assert.equal(new Set(after.entries.map(({ rank }) => rank)).size, after.entries.length)
  const dictionary = new Dictionary(after)
  const earlier = new Dictionary(before)
  for (const channel of CHANNELS) {
    for (const code of CONTRACT_CODES) {
      assert.equal(dictionary.resolve(channel, code)?.effect, CONTRACT_EFFECTS[code])
    }
    for (const { code, aliases } of after.entries) {
      assert.equal(dictionary.resolve(channel, code)?.code, code)
      for (const alias of aliases) {
        assert.equal(dictionary.alias(alias.code, alias.channel)?.code, code)
        const was = earlier.resolve(channel, alias.code)
        if (was !== undefined) assert.ok(dictionary.resolve(channel, alias.code), 'stays mapped')
      }
    }
  }
}

test.run()
