// Checks of poison (I16): what cannot be used is set aside and counted, and everything else goes on.

import type { Event } from '../../actors/protocol/events.ts'
import type { Check, Found, Known, Queued } from './known.ts'
import { eventsIn } from './log.ts'

/** Whatever went into the inbox was applied, known already, turned away by name, or set aside. */
function* delivered({ log, inbox, aside, persons, history, lost, whole }: Known): Found {
  const accepted = new Set<string>()
  for (const [event] of eventsIn(log, 'lead.accepted')) {
    accepted.add(`${event.campaign_id}/${event.lead_id}`)
  }
  const isAside = (message: Queued) => aside.some(({ bytes }) => equal(bytes, message.bytes))
  for (const message of inbox) {
    const planted = history.planted.find(({ bytes }) => equal(bytes, message.bytes))
    if (planted !== undefined || message.leads === null) {
      const what = planted?.what ?? 'what nobody planted'
      if (whole && !isAside(message))
        yield ['I16', `inbox ${message.seq}: ${what} is not set aside`]
      continue
    }
    for (const { campaign_id, id } of message.leads) {
      if (accepted.has(`${campaign_id}/${id}`) || isAside(message)) continue
      if (lost.has(campaign_id)) continue
      if (persons.keysOf(campaign_id, id).some((key) => persons.maybeStopped.has(key))) continue
      yield [
        'I16',
        `inbox ${message.seq}: lead ${campaign_id}/${id} is neither applied nor set aside`,
      ]
    }
  }
}

/** Only what is poison, or of a campaign that was quarantined, is set aside. */
function* setAside({ log, aside, history }: Known): Found {
  const quarantined = new Set<number>()
  for (const [event] of eventsIn(log, 'campaign.quarantined')) quarantined.add(event.campaign_id)
  for (const { campaign } of [...history.planted, ...history.broke]) {
    if (campaign !== null) quarantined.add(campaign)
  }
  for (const { seq, bytes, leads } of aside) {
    const planted = history.planted.some((other) => equal(other.bytes, bytes))
    const reason = leads?.some(({ campaign_id }) => quarantined.has(campaign_id)) === true
    if (!planted && !reason) yield ['I16', `inbox ${seq} is set aside, and is no poison`]
  }
}

/** A campaign that is set aside takes nothing until it is requeued; a planted event sets it aside. */
function* untouched({ log, history }: Known): Found {
  const out = new Map<number, string>()
  for (const { seq, events } of log) {
    const planted = history.planted.find((plant) => plant.stream === 'EVENTS' && plant.seq === seq)
    for (const event of events) {
      const why = out.get(event.campaign_id)
      if (planted === undefined && why !== undefined && isOfLead(event)) {
        yield ['I16', `seq ${seq}: ${event.type} of campaign ${event.campaign_id}, ${why}`]
      }
      if (event.type === 'campaign.quarantined') out.set(event.campaign_id, 'which is quarantined')
      const again = history.planted.some(
        (plant) => plant.campaign === event.campaign_id && plant.seq < seq,
      )
      if (event.type === 'campaign.requeued' && !again) out.delete(event.campaign_id)
    }
    if (planted?.campaign != null) out.set(planted.campaign, `whose event ${seq} is poison`)
  }
}

function isOfLead({ type }: Event): boolean {
  return type.startsWith('lead.')
}

/** What the log says was requeued is not quarantined any more, unless it broke again. */
function* requeued({ history, log }: Known): Found {
  const lifted = new Map<number, number>()
  for (const [{ campaign_id }, { at }] of eventsIn(log, 'campaign.requeued'))
    lifted.set(campaign_id, at)
  for (const { process, body, answer, i, invoked } of history.answered(
    'campaign.show',
    'campaign',
  )) {
    if (process !== 'teller' || answer.quarantined === undefined) continue
    const { campaign_id } = body
    if (history.planted.some(({ campaign }) => campaign === campaign_id)) continue
    const broke = history.broke.filter(({ campaign }) => campaign === campaign_id)
    const at = lifted.get(campaign_id) ?? -1
    if (at < invoked && broke.every((one) => one.at < at)) {
      yield [
        'I16',
        `op ${i}: campaign ${campaign_id} is quarantined, and was requeued: ${answer.quarantined}`,
      ]
    }
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

export const poisonChecks: Check[] = [delivered, setAside, untouched, requeued]
