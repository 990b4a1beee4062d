// Shown output: what a document says a command prints, against what it printed. Times, days, spans
// and widths of columns may differ, ids are found out, and where the document has "…" anything may be.

import assert from 'node:assert/strict'

/** An award's or an attempt's id. */
export const ID = /\b[at][0-9a-z]{1,11}(?:-[0-9a-z]{1,11}){3,4}\b/g

/** What stands for a part of a line, by what the part looks like; the first that fits. */
const TOKENS: readonly [looks: RegExp, source: string][] = [
  [new RegExp(`^${ID.source}$`), `(${ID.source})`],
  [/^\d{4}-\d\d-\d\dT/, '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z'],
  [/^\d{4}-\d\d-\d\d$/, '\\d{4}-\\d\\d-\\d\\d'],
  [/^\(/, '\\((?:in [^)]+|[^)]+ ago)\\)'],
  [/^…$/, '.*'],
  [/^ +$/, ' +'],
]
const TOKEN = new RegExp(
  `(${ID.source}|\\d{4}-\\d\\d-\\d\\d(?:T[\\d:.]+Z)?|\\(in [^)]+\\)|\\([^()]+ ago\\)|…| {2,})`,
)

/** Fails unless the output is what was said; returns the ids said, each with the one met. */
export function compareOutput(said: string, met: string, command: string): [string, string][] {
  const lines = said.trimEnd() === '' ? [] : said.trimEnd().split('\n')
  const ids: string[] = []
  const source = lines.map((line) => sourceOf(line, ids)).join('')
  const printed = met.trimEnd() === '' ? '' : `${met.trimEnd()}\n`
  const match = new RegExp(`^${source}$`).exec(printed)
  assert.ok(match, `$ ${command}\nprinted\n${printed}\nand the document says\n${said}`)
  return ids.map((id, i) => [id, match[i + 1] ?? ''])
}

/** One line as a pattern; adds the ids in it, in the order of their groups. */
function sourceOf(line: string, ids: string[]): string {
  if (line.trim() === '…') return '(?:.*\\n)*?'
  const parts = line.split(TOKEN).map((part, i) => {
    if (i % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const [looks, source] = TOKENS.find(([looks]) => looks.test(part)) ?? []
    assert.ok(looks !== undefined && source !== undefined, part)
    if (source.startsWith('(')) ids.push(part)
    return source
  })
  return `${parts.join('')}\\n`
}
