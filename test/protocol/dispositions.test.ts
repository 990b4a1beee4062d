import assert from 'node:assert/strict'
import { catalogueShown, nextOf, resolved } from '../../actors/protocol/catalogue.ts'
import {
  aliasKey,
  CATALOGUE_1,
  CHANNELS,
  CONTRACT_CODES,
  CONTRACT_EFFECTS,
  DICTIONARY_1,
  Dictionary,
  type Disposition,
  sameCode,
  standardIn,
  UNMAPPED,
} from '../../actors/protocol/dispositions.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('dispositions')

test('G26: catalogue 1 is the list of the research, each code with group and effect, best first', () => {
  const rows = CATALOGUE_1.entries.map(({ rank, code, group, effect }) =>
    [rank, code, group, effect].join(' '),
  )
  assert.deepEqual(rows, [
    '1 PAID resolved converted',
    '2 SETTLED resolved converted',
    '3 CONV resolved converted',
    '4 PPAID positive callback',
    '5 PLAN positive promise',
    '6 PTP positive promise',
    '7 CLMPD positive callback',
    '8 INT positive callback',
    '9 CB contact callback',
    '10 NIP contact later',
    '11 LANG contact later',
    '12 HUP contact later',
    '13 TPC contact later',
    '14 DISP negative hold',
    '15 RTP negative later',
    '16 NI negative lost',
    '17 BPTP negative callback',
    '18 VM no_contact miss',
    '19 RNR no_contact miss',
    '20 BUSY no_contact busy',
    '21 NRCH no_contact miss',
    '22 FAIL not_counted again',
    '23 WN invalid invalid',
    '24 NOS invalid invalid',
    '25 DEC protected suppressed',
    '26 LEGAL protected suppressed',
    '27 DNC protected suppressed',
  ])
})

test('G26: names other lists have for an outcome are read by catalogue 1', () => {
  const names: { [standard: string]: string } = {
    PAID: 'PIF',
    SETTLED: 'SIF',
    CONV: 'SALE converted',
    PLAN: 'PP PPA',
    PTP: 'will_pay PROMISE Promised PRP',
    CLMPD: 'CP',
    CB: 'CALLBK CBHOLD callback',
    HUP: 'DHU',
    TPC: 'LM',
    DISP: 'D DIS',
    RTP: 'NC',
    NI: 'not_interested',
    BPTP: 'PGD',
    VM: 'A AA AM AL',
    RNR: 'NA NO_REPLY no_answer',
    BUSY: 'B BRPC busy',
    NRCH: 'PSO ST',
    FAIL: 'DROP ADC CG',
    WN: 'wrong_number',
    NOS: 'DC',
    DEC: 'DCD',
    DNC: 'DNCL STOP do_not_contact UNSUB unsubscribe optout',
  }
  for (const [standard, codes] of Object.entries(names)) {
    for (const code of codes.split(' ')) {
      assert.equal(DICTIONARY_1.resolve('call', code)?.code, standard, code)
    }
  }
  // Diallers mean a disconnected number with it; of other channels nobody knows.
  assert.equal(DICTIONARY_1.resolve('sms', 'DC'), undefined)
})

test('D1: it is shown with label, group, rank, terminal, human and the next action; ranks are unique', () => {
  const shown = catalogueShown(CATALOGUE_1, 1)
  assert.ok(shown.type === 'catalogue')
  assert.deepEqual([shown.version, shown.newest], [1, 1])
  for (const { label, next, human, rpc, group } of shown.entries) {
    assert.ok(label.length > 3 && next.length > 3 && group.length > 3)
    assert.ok(human || !rpc, `${label}: the right party is a human`)
  }
  assert.equal(new Set(shown.entries.map(({ rank }) => rank)).size, shown.entries.length)
  const terminal = shown.entries.filter((entry) => entry.terminal).map(({ code }) => code)
  assert.equal(terminal.join(' '), 'PAID SETTLED CONV NI WN NOS DEC LEGAL DNC')
  const next = Object.fromEntries(shown.entries.map((entry) => [entry.code, entry.next]))
  assert.equal(next.NIP, 'again in 48 h')
  assert.equal(next.CB, 'again when they asked for it, first of all')
  assert.equal(next.DNC, 'over, the person is suppressed')
  assert.equal(next.RTP, 'again in 72 h, held after 2 in a row')
})

test('D1: entries are shown best first, whatever order they were made in', () => {
  const turned = { version: 7, entries: [...CATALOGUE_1.entries].reverse() }
  const shown = catalogueShown(turned, 9)
  assert.ok(shown.type === 'catalogue')
  assert.deepEqual([shown.entries[0]?.code, shown.newest], ['PAID', 9])
})

test('every effect has a next action of its own words', () => {
  const base = CATALOGUE_1.entries[0] as Disposition
  assert.match(nextOf({ ...base, effect: 'again' }), /nothing is counted/)
  assert.equal(nextOf({ ...base, effect: 'none' }), 'nothing changes, the account is suppressed')
})

test('the contract’s codes do on every channel what the contract says', () => {
  for (const code of CONTRACT_CODES) {
    for (const channel of CHANNELS) {
      assert.equal(DICTIONARY_1.resolve(channel, code)?.effect, CONTRACT_EFFECTS[code])
    }
  }
  assert.deepEqual([...CONTRACT_CODES], Object.keys(CONTRACT_EFFECTS))
})

test('D3: calling PTP, sms PROMISE, whatsapp will_pay and field Promised are all PTP', () => {
  const said = [
    DICTIONARY_1.resolve('call', 'PTP'),
    DICTIONARY_1.resolve('sms', 'PROMISE'),
    DICTIONARY_1.resolve('whatsapp', 'will_pay'),
    DICTIONARY_1.resolve('field', 'Promised'),
  ]
  assert.deepEqual(
    said.map((entry) => entry?.code),
    ['PTP', 'PTP', 'PTP', 'PTP'],
  )
})

test('D2: a channel’s words are resolved with rank and version, unknown ones are UNMAPPED', () => {
  assert.deepEqual(resolved(DICTIONARY_1, 'whatsapp', 'Will pay tomorrow'), {
    type: 'disposition',
    channel: 'whatsapp',
    code: 'Will pay tomorrow',
    standard: 'PTP',
    label: 'Promise to pay',
    rank: 6,
    group: 'positive',
    version: 1,
  })
  assert.deepEqual(resolved(DICTIONARY_1, 'sms', 'constructor'), {
    type: 'disposition',
    channel: 'sms',
    code: 'constructor',
    standard: UNMAPPED,
    version: 1,
  })
})

test('no two entries of catalogue 1 claim a code or an alias', () => {
  const claims = CATALOGUE_1.entries.flatMap(({ code, aliases }) => [
    aliasKey(code),
    ...aliases.map((alias) => aliasKey(alias.code, alias.channel)),
  ])
  assert.equal(new Set(claims).size, claims.length)
})

test('case and blanks around a code do not matter', () => {
  const names = CATALOGUE_1.entries.flatMap(({ code, aliases }) => [
    { code, name: code, channel: undefined },
    ...aliases.map((alias) => ({ code, name: alias.code, channel: alias.channel })),
  ])
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.infiniteStream(fc.boolean()), (one, upper) => {
      const letters = [...one.name].map((letter) =>
        upper.next().value === true ? letter.toUpperCase() : letter.toLowerCase(),
      )
      const found = DICTIONARY_1.resolve(one.channel ?? 'email', ` ${letters.join('')}\t`)
      assert.equal(found?.code, one.code)
    }),
  )
  assert.equal(sameCode(' Ptp '), 'ptp')
})

test('marks at the end of what somebody wrote do not matter, those within it do', () => {
  const said = [
    'STOP.',
    'stop!!',
    'Stop …',
    'UNSUB.',
    'opt out',
    'Opt Out.',
    'optout',
    'unsubscribe?',
  ]
  for (const code of said) assert.equal(DICTIONARY_1.resolve('sms', code)?.code, 'DNC', code)
  for (const code of ['.', '...', '?', 'S.T.O.P', '.STOP', 'opt. out', ' ']) {
    assert.equal(DICTIONARY_1.resolve('sms', code), undefined, code)
  }
  assert.deepEqual(
    ['?', ' ?! ', 'a.b.', ''].map(sameCode),
    ['?', '?!', 'a.b', ''],
    'marks alone are a code of their own',
  )
})

test('an entry’s own code goes before any alias, and a channel’s alias before one of all', () => {
  const [paid, settled] = CATALOGUE_1.entries as [Disposition, Disposition]
  const dictionary = new Dictionary({
    version: 2,
    entries: [
      { ...paid, aliases: [{ code: 'X' }, { code: 'SETTLED', channel: 'sms' }] },
      { ...settled, aliases: [{ code: 'X', channel: 'sms' }] },
    ],
  })
  assert.equal(dictionary.resolve('sms', 'settled')?.code, 'SETTLED')
  assert.equal(dictionary.resolve('sms', 'x')?.code, 'SETTLED')
  assert.equal(dictionary.resolve('call', 'x')?.code, 'PAID')
})

test('an event keeps what its entry said, with the version; one from before is read by catalogue 1', () => {
  const as = new Dictionary({ ...CATALOGUE_1, version: 3 }).standard('sms', 'promise')
  assert.deepEqual(as, {
    ...{ code: 'PTP', version: 3, rank: 6, group: 'positive', human: true, rpc: true },
    effect: 'promise',
  })
  assert.equal(standardIn({ code: 'PAID', channel: 'sms', as }), as)
  assert.equal(standardIn({ code: 'busy', channel: 'call' }).code, 'BUSY')
  const unknown = standardIn({ code: 'gone', channel: 'call' })
  assert.deepEqual([unknown.code, unknown.effect, unknown.version], [UNMAPPED, 'none', 1])
  const worst = Math.max(...CATALOGUE_1.entries.map(({ rank }) => rank))
  assert.ok(unknown.rank > worst, 'what nobody knows is never the best')
})

test.run()
