// List cut: a long list of somebody's state as it was at one instant, made plain a part at a time.
//
//   LC1. What is in the list may be replaced afterwards, but not changed: then a copy of the
//        references is a copy of it all.

/** As plain data, from one place to before another. */
export interface ListCut<T> {
  readonly length: number
  items(from: number, to: number): T[]
}

/** A map in its order. */
export function cutOfMap<K, V, T>(
  map: ReadonlyMap<K, V>,
  plain: (key: K, value: V) => T,
): ListCut<T> {
  // Two arrays, for an array of pairs takes ten times as long to make.
  const keys = Array.from(map.keys())
  const values = Array.from(map.values())
  return {
    length: keys.length,
    items: (from, to) =>
      // A place has a key and a value.
      keys.slice(from, to).map((key, i) => plain(key, values[from + i] as V)),
  }
}

/** A list that only grows. */
export function cutOfGrowing<V, T>(list: readonly V[], plain: (value: V) => T): ListCut<T> {
  const { length } = list
  return { length, items: (from, to) => list.slice(from, Math.min(to, length)).map(plain) }
}
