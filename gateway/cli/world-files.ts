// World files: leads, contractors, truth and campaigns of a simulation, read and checked. Whatever
// is wrong is told with the file, the row and the cure, before anything runs.

import { readFile } from 'node:fs/promises'
import { parse as parseCsv } from 'csv-parse/sync'
import { rowReader } from '../../actors/jobs/mapping.ts'
import { underJurisdiction } from '../../actors/policy/jurisdictions.ts'
import { InputError } from '../../actors/protocol/errors.ts'
import type { CampaignId } from '../../actors/protocol/ids.ts'
import { parseLead } from '../../actors/protocol/lead.ts'
import { check } from '../../actors/protocol/schema.ts'
import { PLANS, type Settings, settingsSchema, withZone } from '../../actors/protocol/settings.ts'
import { parseTime } from '../../actors/protocol/time.ts'
import {
  type Shift,
  type Truth,
  truthSchema,
  type World,
  type WorldLead,
} from '../../actors/simulation/world.ts'
import { UsageError } from './args.ts'

export interface WorldFiles {
  leads: string
  contractors: string
  truth: string
  campaigns?: string | undefined
}

const ALWAYS = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }]

/**
 * Reads a world, with national phone numbers of `country` (ISO 3166-1 alpha-2, by default IN); throws
 * UsageError for what is wrong with a file.
 */
export async function readWorld(files: WorldFiles, country?: string): Promise<World> {
  const truth = await readTruth(files.truth)
  const leads = await readLeads(files.leads, country)
  const shifts = await readShifts(files.contractors)
  const given = files.campaigns === undefined ? [] : await readCampaigns(files.campaigns)
  const settings = settingsOf(leads, given, files)
  for (const customer of new Set(leads.map(({ lead }) => lead.customer_id))) {
    if (Object.hasOwn(truth.conversion.bias, customer)) continue
    throw new UsageError(
      `${files.truth}: /conversion/bias has no customer ${customer}, whose leads are in ${files.leads}: add one`,
    )
  }
  // A contractor may be qualified for campaigns that have no leads (yet).
  const known = new Set(settings.map(({ campaign_id }) => campaign_id))
  const able = shifts.map((shift) => ({
    ...shift,
    campaigns: shift.campaigns.filter((id) => known.has(id)),
  }))
  return { leads, shifts: able, truth, settings }
}

async function readTruth(file: string): Promise<Truth> {
  const result = check(truthSchema, parseJson(await read(file), file))
  if (result.ok) return result.value
  throw new UsageError(`${file}: ${result.fault.path || 'it'} ${result.fault.reason}`)
}

async function readCampaigns(file: string): Promise<Settings[]> {
  const value = parseJson(await read(file), file)
  const list = Array.isArray(value) ? value : (value as { campaigns?: unknown } | null)?.campaigns
  if (!Array.isArray(list)) {
    throw new UsageError(`${file} must be a list of campaign settings: [{"campaign_id": ...}, ...]`)
  }
  return list.map((one, i) => {
    const result = check(settingsSchema, one)
    if (!result.ok)
      throw new UsageError(`${file}: /${i}${result.fault.path} ${result.fault.reason}`)
    try {
      return underJurisdiction(withZone(result.value, 'UTC'))
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      throw new UsageError(`${file}: /${i}${error.message}`)
    }
  })
}

/** Given settings, and for campaigns without any: always open, no weights, their leads' plan. */
function settingsOf(
  leads: readonly WorldLead[],
  given: readonly Settings[],
  files: WorldFiles,
): Settings[] {
  const all = new Map(given.map((of) => [of.campaign_id, of]))
  for (const { lead } of leads) {
    const known = all.get(lead.campaign_id)
    if (known === undefined) {
      const raw = {
        campaign_id: lead.campaign_id,
        customer_id: lead.customer_id,
        hours: ALWAYS,
        timezone: 'UTC',
        pricing_plan: lead.pricing_plan ?? PLANS[0],
      }
      all.set(lead.campaign_id, withZone(settingsSchema.parse(raw), 'UTC'))
    } else if (known.customer_id !== lead.customer_id) {
      throw new UsageError(
        `${files.leads}: lead ${lead.id} says customer ${lead.customer_id}, its campaign ${lead.campaign_id} belongs to ${known.customer_id}: a campaign has one customer`,
      )
    }
  }
  return [...all.values()]
}

async function readLeads(file: string, country?: string): Promise<WorldLead[]> {
  const { header, rows } = await readCsv(file)
  const arrives = columnOf(header, 'arrives_at', file)
  const converts = header.indexOf('converts')
  const reader = rowReader(header, null, {})
  const leads = rows.map((cells, i): WorldLead => {
    const fault = (path: string, reason: string) =>
      new UsageError(`${file}: row ${i + 2}, column ${path.replace(/^\//, '')}: ${reason}`)
    const raw = reader.read(cells)
    if (!raw.ok) throw fault(raw.fault.path, raw.fault.reason)
    const parsed = parseLead(raw.value, country)
    if (!parsed.ok) throw fault(parsed.fault.path, parsed.fault.reason)
    const { customer_id, lead_type } = parsed.value
    if (customer_id === undefined) throw fault('customer_id', 'is empty: every lead needs one')
    if (lead_type === undefined) throw fault('lead_type', 'is empty: give Live or Stale')
    const arrivesAt = timeOf(cells[arrives] ?? '', () =>
      fault('arrives_at', 'must be an RFC 3339 time such as 2026-01-05T06:00:00Z'),
    )
    const outcome = converts < 0 ? '' : (cells[converts] ?? '').trim()
    if (outcome !== '' && outcome !== '0' && outcome !== '1') {
      throw fault('converts', 'must be 0 or 1, or empty where the outcome is not known')
    }
    return {
      lead: { ...parsed.value, customer_id, lead_type, created_at: arrivesAt },
      arrivesAt,
      converts: outcome === '' ? null : outcome === '1',
    }
  })
  if (leads.length === 0) throw new UsageError(`${file} has no leads: nothing could be called`)
  return leads
}

async function readShifts(file: string): Promise<Shift[]> {
  const { header, rows } = await readCsv(file)
  const [contractor, campaigns, from, to] = ['contractor_id', 'campaign_ids', 'from', 'to'].map(
    (name) => columnOf(header, name, file),
  ) as [number, number, number, number]
  const shifts = rows.map((cells, i): Shift => {
    const fault = (column: string, reason: string) =>
      new UsageError(`${file}: row ${i + 2}, column ${column}: ${reason}`)
    const time = (at: number, name: string) =>
      timeOf(cells[at] ?? '', () =>
        fault(name, 'must be an RFC 3339 time such as 2026-01-05T09:00:00Z'),
      )
    const ids = (cells[campaigns] ?? '').split(/[;,\s]+/).filter((id) => id !== '')
    if (ids.length === 0 || ids.some((id) => !/^[1-9]\d{0,15}$/.test(id))) {
      throw fault('campaign_ids', 'must name campaigns by their numbers, such as 4;7')
    }
    const shift = {
      contractor: (cells[contractor] ?? '').trim(),
      campaigns: [...new Set(ids.map((id) => Number(id) as CampaignId))],
      from: time(from, 'from'),
      to: time(to, 'to'),
    }
    if (shift.contractor === '') throw fault('contractor_id', 'is empty: name who works this shift')
    if (shift.to <= shift.from)
      throw fault('to', 'must be after "from": a shift ends after it begins')
    return shift
  })
  if (shifts.length === 0) throw new UsageError(`${file} has no shifts: nobody could call`)
  return shifts
}

async function readCsv(file: string): Promise<{ header: string[]; rows: string[][] }> {
  const text = await read(file)
  let rows: string[][]
  try {
    rows = parseCsv(text, { bom: true, skip_empty_lines: true, relax_column_count: true })
  } catch (error) {
    throw new UsageError(`${file} is not CSV: ${error instanceof Error ? error.message : error}`)
  }
  const [header = [], ...rest] = rows
  return { header: header.map((name) => name.trim()), rows: rest }
}

function columnOf(header: readonly string[], name: string, file: string): number {
  const at = header.indexOf(name)
  if (at >= 0) return at
  throw new UsageError(`${file} has no column ${name}: its columns are ${header.join(', ')}`)
}

function timeOf(text: string, fault: () => UsageError): number {
  const at = parseTime(text.trim())
  if (at === null) throw fault()
  return at
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${file} cannot be read (${why}): give the path of a file`)
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${error instanceof Error ? error.message : error}`)
  }
}
