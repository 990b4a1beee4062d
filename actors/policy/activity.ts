// Activity: how recently a lead had been active when it arrived, as a feature with few values.
// A stale lead's activity is its age instead (decay.ts) and no feature beside it.

/** Upper ends of the buckets, hours before the arrival; later than the last, or unknown: '7'. */
const HOURS = [1, 6, 24, 72, 168, 720, 2160]

/** '0' (within the hour, or since it arrived) to '6' (within 90 days), else '7'. */
export function activityOf(lastActivity: number, arrivedAt: number): string {
  if (Number.isNaN(lastActivity)) return '7'
  const hours = (arrivedAt - lastActivity) / 3_600_000
  const bucket = HOURS.findIndex((end) => hours <= end)
  return String(bucket < 0 ? HOURS.length : bucket)
}

const WORDS = [
  'active within the hour it came',
  'active within 6 h before',
  'active the day before',
  'active within 3 days before',
  'active within the week before',
  'active within the month before',
  'active within 90 days before',
  'no recent activity',
]

export function activityInWords(bucket: string): string {
  return WORDS[Number(bucket)] ?? 'no recent activity'
}
