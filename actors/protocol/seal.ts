// Seal: the form of a sealed text, and what campaigns need of whoever holds the keys.
//
// A sealed text is eight bytes of key reference, then what the vault made of it. The reference is
// not secret. Whoever folds the log never needs the key; erasing a person is destroying it.

import { accountKey } from './account.ts'

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

/** What identifies a lead's person, sealed under one key, and by what it is matched. */
export interface SealedTexts {
  /** null where the lead has none. */
  phone: Uint8Array | null
  account_no: Uint8Array | null
  /** Keyed hashes, 52 bits of HMAC-SHA-256; 0 where there is none. */
  phone_hash: number
  account_hash: number
}

interface Texts {
  phone?: string | null | undefined
  account_no?: string | null | undefined
}

/** Seals both under the key `keyRef`, or under a new one when that is 0. */
export function sealTexts(texts: Texts, keyRef: number, sealer: Sealer): SealedTexts {
  const phone = texts.phone ?? null
  const account = texts.account_no ?? null
  const sealedPhone = phone === null ? null : sealer.seal(keyRef, phone)
  // One key a lead: what was sealed first decides it for the second.
  const same = sealedPhone === null ? keyRef : keyRefOf(sealedPhone)
  return {
    phone: sealedPhone,
    account_no: account === null ? null : sealer.seal(same, account),
    phone_hash: phone === null ? 0 : sealer.hash(phone),
    account_hash: account === null ? 0 : sealer.hash(accountKey(account)),
  }
}

/** The key they are sealed under; 0 where there is nothing. */
export function keyOfTexts({ phone, account_no }: SealedTexts): number {
  const blob = phone ?? account_no
  return blob === null ? 0 : keyRefOf(blob)
}

export const KEY_REF_BYTES = 8

/** The reference of the key a blob is sealed under. */
export function keyRefOf(blob: Uint8Array): number {
  return new DataView(blob.buffer, blob.byteOffset, KEY_REF_BYTES).getFloat64(0)
}
