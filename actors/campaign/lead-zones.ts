// Lead zones: which clocks a lead's calling hours go by. A lead's own zone, else those its phone may
// be in; both are kept, for a lead whose own zone is cleared goes by its phone's again. Rows hold
// them as one text of a dictionary, `OWN~PHONE'S`, so that they cost a lead two bytes.

const SEPARATOR = '~'

export interface LeadZones {
  /** The zone the customer named. */
  own: string | null
  /** What its phone's number allows, as a calendar takes them. */
  phone: string | null
}

export function packZones({ own, phone }: LeadZones): string | null {
  return phone === null ? own : `${own ?? ''}${SEPARATOR}${phone}`
}

/** What `packZones` packed; a text without a separator is of before phones counted. */
export function unpackZones(packed: string | null): LeadZones {
  if (packed === null) return { own: null, phone: null }
  const [own = '', phone] = packed.split(SEPARATOR)
  return { own: own === '' ? null : own, phone: phone ?? null }
}
