// The status page: customers and campaigns every two seconds, awards as they happen. What comes from outside is
// only ever set as text, never as markup.

const REFRESH_MS = 2000
const RECONNECT_MS = 3000
const PAINT_MS = 250
const AWARDS_MAX = 20
const CAMPAIGNS_MAX = 200
const CUSTOMERS_MAX = 50

const CLASSES = { 3: 'due callback', 2: 'live lead', 1: 'stale lead' }
const TERMS = {
  value: 'worth of the call',
  deadline: 'deadline coming near',
  waited: 'time waited',
}

const byId = (id) => document.getElementById(id)
const whole = new Intl.NumberFormat('en')

function node(tag, className, ...parts) {
  const made = document.createElement(tag)
  if (className) made.className = className
  made.append(...parts.map((part) => (part instanceof Node ? part : String(part))))
  return made
}

// Connection: good only when both ways of asking work.

const link = { campaigns: false, events: false, why: '' }

function showLink(change) {
  Object.assign(link, change)
  const live = link.campaigns && link.events
  const text = live ? 'live' : link.why || 'reconnecting'
  const state = live ? 'live' : 'lost'
  const shown = byId('link')
  if (shown.textContent !== text) shown.textContent = text
  shown.dataset.state = state
}

// Customers and campaigns.

async function refresh() {
  try {
    const response = await fetch('/api/campaigns', { signal: AbortSignal.timeout(5000) })
    const body = await response.json()
    if (!response.ok) throw new Error(body.error?.message ?? `status ${response.status}`)
    showCustomers(body.customers)
    showCampaigns(body.campaigns)
    showLink({ campaigns: true, why: '' })
  } catch (error) {
    const lost = error instanceof TypeError || error.name === 'TimeoutError'
    showLink({ campaigns: false, why: lost ? 'reconnecting' : error.message })
  }
  setTimeout(refresh, REFRESH_MS)
}

/** Those furthest below what they were promised come first. */
function showCustomers(customers) {
  const missing = ({ target, sla_attained }) => target - (sla_attained.share ?? target)
  const sorted = [...customers].sort((a, b) => missing(b) - missing(a))
  const shown = sorted.slice(0, CUSTOMERS_MAX)
  fill('customers', shown.map(customerCells))
  const note = byId('customers-note')
  note.hidden = shown.length > 0 && shown.length === sorted.length
  note.textContent =
    shown.length === 0
      ? 'No customer yet: the first lead or campaign brings one.'
      : `The ${shown.length} of ${sorted.length} furthest behind; all are at /api/campaigns.`
}

function customerCells({ customer_id, campaigns, target, sla_attained, oldest_live_age_s }) {
  const { on_time, late, overdue, share } = sla_attained
  return [
    node('td', '', node('span', 'name', `Customer ${customer_id}`)),
    count(campaigns.length),
    count(on_time),
    count(late),
    count(overdue),
    node('td', 'number', ageOf(oldest_live_age_s)),
    shareOf(share, target, `target ${percent(target)}`),
  ]
}

/** Rows of cells into a table; each cell knows its heading, for narrow screens. */
function fill(id, rows) {
  const headings = [...byId(id).tHead.rows[0].cells].map((cell) => cell.textContent ?? '')
  const made = rows.map((cells) => {
    cells.forEach((cell, i) => {
      cell.dataset.label = headings[i]
    })
    return node('tr', '', ...cells)
  })
  byId(id).tBodies[0].replaceChildren(...made)
}

function showCampaigns(campaigns) {
  const sorted = [...campaigns].sort((a, b) => a.campaign_id - b.campaign_id)
  const shown = sorted.slice(0, CAMPAIGNS_MAX)
  fill('campaigns', shown.map(campaignCells))
  const note = byId('campaigns-note')
  note.hidden = sorted.length > 0 && shown.length === sorted.length
  note.textContent =
    sorted.length === 0
      ? 'No campaign yet. Send a lead to /api/leads or put a campaign to /api/campaigns/1.'
      : `The first ${shown.length} of ${sorted.length}; all are at /api/campaigns.`
  showTotals(sorted)
}

function campaignCells(campaign) {
  const { depth } = campaign
  return [
    titleOf(campaign),
    node('td', '', campaign.customer_id),
    node('td', '', campaign.policy),
    count(depth.waiting),
    count(depth.rescheduled),
    count(depth.callback),
    count(depth.stale),
    count(depth.leased + depth.confirmed),
    count(depth.converted),
    count(campaign.eligible),
    node('td', 'number', ageOf(campaign.oldest_live_age_s)),
    slaOf(campaign),
    node('td', 'number', agoOf(campaign.last_award_at)),
  ]
}

function titleOf({ campaign_id, name, paused, quarantined }) {
  const cell = node('td', '', node('span', 'name', campaign_id))
  if (name) cell.append(' ', name)
  if (paused) cell.append(node('span', 'badge', 'paused'))
  if (quarantined) cell.append(node('span', 'badge', `quarantined: ${quarantined}`))
  return cell
}

function count(value) {
  return node('td', value === 0 ? 'number zero' : 'number', whole.format(value))
}

function slaOf({ sla, sla_attained }) {
  const promise = `target ${percent(sla.target)} in ${sla.minutes} min`
  return shareOf(sla_attained.share, sla.target, promise)
}

function shareOf(share, aim, promise) {
  const target = node('span', 'target', promise)
  if (share === null) return node('td', 'wide', node('span', 'soft', 'no first call yet'), target)
  const met = share >= aim
  const words = `${percent(share)}: ${met ? 'met' : 'missed'}`
  return node('td', 'wide', node('strong', met ? 'met' : 'missed', words), target)
}

function showTotals(campaigns) {
  const sum = (of) => campaigns.reduce((total, campaign) => total + of(campaign), 0)
  const ages = campaigns.map((campaign) => campaign.oldest_live_age_s ?? 0)
  const onTime = sum(({ sla_attained }) => sla_attained.on_time)
  const counted = onTime + sum(({ sla_attained }) => sla_attained.late + sla_attained.overdue)
  const totals = {
    Campaigns: whole.format(campaigns.length),
    Leads: whole.format(sum(({ leads }) => leads)),
    Eligible: whole.format(sum(({ eligible }) => eligible)),
    Leased: whole.format(sum(({ depth }) => depth.leased + depth.confirmed)),
    Converted: whole.format(sum(({ depth }) => depth.converted)),
    'Oldest live': ageOf(Math.max(0, ...ages) || null),
    'In time today': counted === 0 ? '–' : percent(onTime / counted),
  }
  const pairs = Object.entries(totals).map(([name, value]) =>
    node('div', '', node('dt', '', name), node('dd', '', value)),
  )
  byId('totals').replaceChildren(...pairs)
}

// Awards.

const awards = []
let painting = false
let lastId = ''

function follow() {
  const from = lastId === '' ? 'recent=200' : `last_event_id=${encodeURIComponent(lastId)}`
  const source = new EventSource(`/api/events?type=lead.awarded&${from}`)
  source.addEventListener('open', () => showLink({ events: true }))
  source.addEventListener('lead.awarded', (event) => {
    lastId = event.lastEventId
    awards.unshift(JSON.parse(event.data))
    awards.length = Math.min(awards.length, AWARDS_MAX)
    paintSoon()
  })
  source.addEventListener('error', () => {
    showLink({ events: false })
    // The browser tries again by itself, unless it was answered with an error.
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, RECONNECT_MS)
  })
}

/** Hundreds of awards a second are painted four times a second. */
function paintSoon() {
  if (painting) return
  painting = true
  setTimeout(() => {
    painting = false
    byId('awards').replaceChildren(...awards.map(awardItem))
    byId('awards-note').hidden = true
  }, PAINT_MS)
}

function awardItem(award) {
  const at = node('time', '', new Date(award.at).toLocaleTimeString('en-GB'))
  at.dateTime = award.at
  at.title = award.at
  const retry = award.attempt > 1 ? `, attempt ${award.attempt}` : ''
  return node(
    'li',
    '',
    at,
    node(
      'span',
      '',
      node('span', 'lead', `lead ${award.lead_id}`),
      `, campaign ${award.campaign_id}`,
    ),
    node('span', 'class', `${CLASSES[award.class] ?? `class ${award.class}`}${retry}`),
    node('span', 'why soft', whyOf(award)),
  )
}

function whyOf({ score, terms, runner_up, class: rank }) {
  const parts = Object.entries(terms ?? {})
    .filter(([, value]) => value !== 0)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .map(([name, value]) => {
      const words = TERMS[name] ?? name
      return value === score ? words : `${words} ${percent(value / score)}`
    })
  const why = `score ${Number(score.toPrecision(3))}: ${parts.join(', ') || 'nothing spoke for it'}`
  return `${why}; ${besideOf(score, rank, runner_up)}`
}

function besideOf(score, rank, runnerUp) {
  if (!runnerUp) return 'the only bid'
  const { campaign_id: campaign, class: other } = runnerUp
  if (other < rank) return `campaign ${campaign} had only a ${CLASSES[other] ?? 'lesser lead'}`
  if (score <= runnerUp.score) return `level with campaign ${campaign}`
  const lead = score / runnerUp.score - 1
  if (!(lead < 10)) return `far ahead of campaign ${campaign}`
  return `ahead of campaign ${campaign} by ${percent(lead)}`
}

// Numbers in words.

function percent(share) {
  const value = share * 100
  return `${value >= 10 || value === 0 ? Math.round(value) : value.toFixed(1)} %`
}

function ageOf(seconds) {
  if (seconds === null) return '–'
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`
  return `${Math.round(seconds / 86_400)} days`
}

function agoOf(time) {
  if (time === null) return '–'
  return `${ageOf(Math.max(0, Date.now() - Date.parse(time)) / 1000)} ago`
}

follow()
await refresh()
