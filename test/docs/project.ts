// Project: the documents and sources the tests of the documentation compare.

import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'

export const DOCUMENTS = [
  'README.md',
  'DESIGN.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'deploy/RUNBOOK.md',
]

export async function read(path: string): Promise<string> {
  return await readFile(join(PROJECT_DIR, path), 'utf8')
}

export async function exists(path: string): Promise<boolean> {
  return await stat(join(PROJECT_DIR, path)).then(
    () => true,
    () => false,
  )
}

/** Files under the folders whose names end in one of `ends`, by path. */
export async function filesOf(
  folders: readonly string[],
  ends: readonly string[],
): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const folder of folders) {
    for (const name of await readdir(join(PROJECT_DIR, folder), { recursive: true })) {
      const path = `${folder}/${name}`
      if (ends.some((end) => path.endsWith(end))) files.set(path, await read(path))
    }
  }
  return files
}

/** Everything the engine itself is made of, as one text. */
export async function engineText(): Promise<string> {
  const sources = await filesOf(['actors', 'gateway', 'deploy'], ['.ts', '.mjs'])
  return [...sources.values()].join('\n')
}

/** Every match's first group, once each, sorted. */
export function found(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort()
}

export function missing(wanted: readonly string[], there: Iterable<string>): string[] {
  const known = new Set(there)
  return wanted.filter((name) => !known.has(name))
}
