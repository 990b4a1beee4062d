// Markup: text of the page that is safe by construction.
//
//   M1. What is put into a template is escaped, unless it is markup already; only `html` and
//       the style sheet make markup.
//   M2. A number that is not finite throws: a picture with a hole in it is never written.

import assert from 'node:assert/strict'

/** Escaped text of HTML or SVG. */
export class Markup {
  readonly text: string

  constructor(strings: readonly string[], parts: readonly Part[]) {
    this.text = strings.map((string, i) => string + shown(parts[i] ?? null)).join('')
  }
}

/** What a template may hold; null is nothing, a list is its members one after the other. */
export type Part = Markup | string | number | null | readonly Part[]

/** A template of HTML or SVG. Numbers are coordinates: they are cut to two digits. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings, parts)
}

function shown(part: Part): string {
  if (part === null) return ''
  if (part instanceof Markup) return part.text
  if (typeof part === 'string') return escaped(part)
  if (typeof part === 'number') return coordinate(part)
  return part.map(shown).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Quotes as well, for attributes; what no document may hold becomes U+FFFD. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (found) => ENTITIES[found] ?? found)
}

function coordinate(value: number): string {
  assert(Number.isFinite(value), `${value} is no coordinate`)
  return String(Math.round(value * 100) / 100)
}
