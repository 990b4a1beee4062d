// Figure: a picture with its title, its legend and the sentence that says what one sees.

import { mark } from './look.ts'
import { html, type Markup, type Part } from './markup.ts'
import type { Policy } from './reading.ts'

/** A figure; `caption` is whole sentences, what one sees first. */
export function figure(title: string, caption: Part, content: Part): Markup {
  return html`<figure>
<h3>${title}</h3>
${content}<figcaption>${caption}</figcaption>
</figure>
`
}

/** A chapter of the page. */
export function chapter(title: string, content: Part): Markup {
  return html`<section>
<h2>${title}</h2>
${content}</section>
`
}

/** Said in a figure's place where there is nothing to draw. */
export function nothing(text: string): Markup {
  return html`<p class="empty">${text}</p>
`
}

/** The policies by line and mark; `glossed` where there is room for what they mean. */
export function legend(policies: readonly Policy[], lines = true): Markup {
  const items = policies.map(
    ({ name, look }) =>
      html`<li><svg aria-hidden="true" viewBox="0 0 32 14" width="32" height="14">${lines ? html`<line class="line ${look.colour}" stroke-dasharray="${look.dash}" x1="0" x2="32" y1="7" y2="7"/>` : null}${mark(look, 16, 7, 5)}</svg><bdi>${name}</bdi></li>`,
  )
  return html`<ul class="legend">${items}</ul>
`
}
