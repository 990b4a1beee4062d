// Report markup: a strict reader of the page's HTML, for tests without a browser. It knows what the
// page uses and throws on everything else: an unclosed element, an attribute without quotes, a bare `<`.

export interface Element {
  name: string
  attributes: Record<string, string>
  children: (Element | string)[]
}

const VOID = new Set(['meta', 'br'])
const TOKEN =
  /<!doctype html>|<(\/?)([a-z][a-z0-9]*)((?: [a-zA-Z][a-zA-Z0-9-]*="[^"<]*")*)(\/?)>|([^<]+)/gy
const ATTRIBUTE = / ([a-zA-Z][a-zA-Z0-9-]*)="([^"<]*)"/g
const ENTITIES: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
}

/** The elements of a page under one nameless root; throws where it is not well formed. */
export function parsePage(page: string): Element {
  const root: Element = { name: '', attributes: {}, children: [] }
  const open = [root]
  let end = 0
  for (const match of page.matchAll(TOKEN)) {
    end = match.index + match[0].length
    const [, closes, name, attributes = '', empty, text] = match
    const parent = open.at(-1)!
    if (text !== undefined) parent.children.push(parent.name === 'style' ? text : plain(text))
    else if (closes && name) close(open, name)
    else if (name) {
      const element: Element = { name, attributes: attributesOf(attributes), children: [] }
      parent.children.push(element)
      if (!empty && !VOID.has(name)) open.push(element)
    }
  }
  if (end !== page.length) throw new Error(`no markup: ${page.slice(end, end + 60)}`)
  if (open.length > 1) throw new Error(`<${open.at(-1)!.name}> is never closed`)
  return root
}

function close(open: Element[], name: string): void {
  const last = open.pop()
  if (last?.name !== name) throw new Error(`</${name}> closes <${last?.name}>`)
}

function attributesOf(text: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [, name = '', value = ''] of text.matchAll(ATTRIBUTE)) {
    if (name in found) throw new Error(`${name} twice`)
    found[name] = plain(value)
  }
  return found
}

function plain(text: string): string {
  return text.replace(/&[^;\s]*;?/g, (entity) => {
    const character = ENTITIES[entity]
    if (character === undefined) throw new Error(`${entity} is no entity of the page`)
    return character
  })
}

/** Every element of a name, in order; all with `*`. */
export function all(element: Element, name: string): Element[] {
  return element.children.flatMap((child) => {
    if (typeof child === 'string') return []
    return [...(name === '*' || child.name === name ? [child] : []), ...all(child, name)]
  })
}

/** What is read of an element. */
export function textOf(element: Element): string {
  return element.children
    .map((child) => (typeof child === 'string' ? child : textOf(child)))
    .join('')
}
