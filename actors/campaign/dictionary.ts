// Dictionary: texts as small integers, given in order of first sight. 0 is "none".

export class Dictionary {
  readonly #texts: string[] = []
  readonly #codes = new Map<string, number>()

  static of(texts: readonly string[]): Dictionary {
    const dictionary = new Dictionary()
    for (const text of texts) dictionary.code(text)
    return dictionary
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

  /** All texts in order of their codes, from 1. */
  texts(): readonly string[] {
    return this.#texts
  }
}
