// Dictionary: texts as small integers, given in order of first sight. 0 is "none".

export class Dictionary {
  readonly #texts: string[] = []
  readonly #codes = new Map<string, number>()

  /** Gives texts their codes in their order. */
  load(texts: readonly string[]): void {
    for (const text of texts) this.code(text)
  }

  /** The text's code, given now when it is new. */
  code(text: string | null): number {
    if (text === null) return 0
    let code = this.#codes.get(text)
    if (code === undefined) {
      code = this.#texts.push(text)
      this.#codes.set(text, code)
    }
    return code
  }

  text(code: number): string | null {
    return code === 0 ? null : (this.#texts[code - 1] ?? null)
  }

  /** All texts in order of their codes, from 1; there may be more later. */
  texts(): readonly string[] {
    return this.#texts
  }
}
