// Seal: the form of a sealed text, and what campaigns need of whoever holds the keys.
//
// A sealed text is eight bytes of key reference, then what the vault made of it. The reference is
// not secret. Whoever folds the log never needs the key; erasing a person is destroying it.

/** Seals what identifies a person; the keys live outside the log (runtime/vault). */
export interface Sealer {
  /**
   * Seals `text` under the key `keyRef`, or under a new one when that is 0. The key is durable
   * before this returns, or the record that holds the blob could outlive the only way to read it.
   */
  seal(keyRef: number, text: string): Uint8Array
  /** Keyed hash for matching, an integer of 52 bits and never 0. */
  hash(text: string): number
}

export const KEY_REF_BYTES = 8

/** The reference of the key a blob is sealed under. */
export function keyRefOf(blob: Uint8Array): number {
  return new DataView(blob.buffer, blob.byteOffset, KEY_REF_BYTES).getFloat64(0)
}
