// The nats-server binary: found on this machine, or fetched once into the project's cache.
// Decides which binary runs; starting it belongs to `embedded.ts`.
//
//   B1. A binary named by LEADBID_NATS_SERVER is used or refused, never silently replaced.
//   B2. Nothing older than MIN_VERSION runs: the engine is written for its API level.
//   B3. The cached copy appears by one rename of a checked tree, so no process ever runs half a download.

import { access, constants, mkdir, rename, rm } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fetchPackage } from './debian-package.ts'
import { DeployError, messageOf } from './error.ts'
import type { Log } from './log.ts'
import { runTool } from './tool.ts'

export type Version = readonly [major: number, minor: number, patch: number]
export type ServerOrigin = 'LEADBID_NATS_SERVER' | 'PATH' | 'cache' | 'fetched'
export type ServerBinary = { path: string; version: string; origin: ServerOrigin }

export type FindOptions = {
  log: Log
  /** Folder of the fetched copy; default `.cache/nats-server` under the project root. */
  cacheDir?: string
  /** Where LEADBID_NATS_SERVER and PATH are read; default the process's own. */
  env?: NodeJS.ProcessEnv
  /** Folders searched after PATH: Debian installs into sbin, which is seldom on a user's PATH. */
  sbinDirs?: readonly string[]
  /** Gives a running fetch up. */
  signal?: AbortSignal
}

export const PROJECT_DIR = dirname(dirname(fileURLToPath(import.meta.url)))
export const CACHE_DIR = join(PROJECT_DIR, '.cache', 'nats-server')
/** The API level the engine is written for; 2.12 added atomic batches, among others. */
export const MIN_VERSION: Version = [2, 12, 0]

const VERSION_DEADLINE_MS = 10_000
/** Where Debian's package keeps the binary inside the unpacked tree. */
const BINARY_IN_PACKAGE = join('usr', 'sbin', 'nats-server')
const SBIN_DIRS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** Returns a nats-server of at least MIN_VERSION, fetching one when the machine has none; throws SERVER_MISSING with the cures. */
export async function findOrFetchServer(options: FindOptions): Promise<ServerBinary> {
  const env = options.env ?? process.env
  const cacheDir = options.cacheDir ?? CACHE_DIR
  const tried: string[] = []

  const named = env.LEADBID_NATS_SERVER
  if (named) return await namedServer(named)

  for (const path of await onPath(env, options.sbinDirs ?? SBIN_DIRS)) {
    const found = await usable(path, 'PATH', tried)
    if (found) return found
  }
  const cached = join(cacheDir, 'current', BINARY_IN_PACKAGE)
  if (await isExecutable(cached)) {
    const found = await usable(cached, 'cache', tried)
    if (found) return found
  }
  try {
    return await fetchServer(cacheDir, env, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    tried.push(`Debian's package: ${messageOf(error)}`)
    throw new DeployError('SERVER_MISSING', missingMessage(tried), { cause: error })
  }
}

/** Reads `nats-server: v2.15.1` and its kin; undefined when no version is in the text. */
export function parseVersion(text: string): Version | undefined {
  const match = /\bv?(\d+)\.(\d+)\.(\d+)/.exec(text)
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined
}

export function atLeast(version: Version, least: Version): boolean {
  const [major, minor, patch] = version
  if (major !== least[0]) return major > least[0]
  if (minor !== least[1]) return minor > least[1]
  return patch >= least[2]
}

async function namedServer(path: string): Promise<ServerBinary> {
  const tried: string[] = []
  const found = await usable(path, 'LEADBID_NATS_SERVER', tried)
  if (found) return found
  throw new DeployError(
    'SERVER_UNUSABLE',
    `LEADBID_NATS_SERVER names a binary that cannot be used: ${tried.join('; ')} (name one of at least ${MIN_VERSION.join('.')}, or unset it)`,
  )
}

async function usable(
  path: string,
  origin: ServerOrigin,
  tried: string[],
): Promise<ServerBinary | undefined> {
  try {
    const printed = await runTool(path, ['--version'], { deadlineMs: VERSION_DEADLINE_MS })
    const version = parseVersion(printed)
    if (!version) tried.push(`${path}: prints no version`)
    else if (!atLeast(version, MIN_VERSION)) {
      tried.push(`${path}: ${version.join('.')} is older than ${MIN_VERSION.join('.')}`)
    } else return { path, version: version.join('.'), origin }
  } catch (error) {
    tried.push(`${path}: ${messageOf(error)}`)
  }
  return undefined
}

async function onPath(env: NodeJS.ProcessEnv, sbinDirs: readonly string[]): Promise<string[]> {
  const dirs = [...(env.PATH ?? '').split(delimiter).filter((dir) => dir !== ''), ...sbinDirs]
  const paths = [...new Set(dirs)].map((dir) => join(dir, 'nats-server'))
  const executable = await Promise.all(paths.map(isExecutable))
  return paths.filter((_, index) => executable[index])
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false, // absent or not ours to run: both mean "look further"
  )
}

async function fetchServer(
  cacheDir: string,
  env: NodeJS.ProcessEnv,
  { log, signal }: FindOptions,
): Promise<ServerBinary> {
  await mkdir(cacheDir, { recursive: true })
  await using fetched = await fetchPackage({
    name: 'nats-server',
    workDir: cacheDir,
    env,
    log,
    ...(signal ? { signal } : {}),
  })
  const tried: string[] = []
  const checked = await usable(join(fetched.tree, BINARY_IN_PACKAGE), 'fetched', tried)
  if (!checked) throw new DeployError('SERVER_UNUSABLE', tried.join('; '))

  const path = await publish(fetched.tree, cacheDir)
  log.info({ path, version: checked.version }, 'nats-server fetched')
  return { ...checked, path }
}

/** Moves the checked tree into place (B3). Losing the race to another process is fine: its tree was checked as well. */
async function publish(tree: string, cacheDir: string): Promise<string> {
  const current = join(cacheDir, 'current')
  const path = join(current, BINARY_IN_PACKAGE)
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(tree, current)
      return path
    } catch (error) {
      if (await usable(path, 'cache', [])) return path
      if (attempt === 3) throw error
      // What lies there does not run (an older or broken copy): set it aside in one step, then try again.
      const aside = `${tree}-replaced-${attempt}`
      await rename(current, aside).catch(() => {}) // another process may have moved it first
      await rm(aside, { recursive: true, force: true })
    }
  }
}

function missingMessage(tried: readonly string[]): string {
  return [
    `no nats-server of at least ${MIN_VERSION.join('.')} was found and none could be fetched. Do one of:`,
    '  - put nats-server on the PATH (a Debian testing or newer package, the official container image, or the release page of nats-server)',
    '  - set LEADBID_NATS_SERVER to the path of the binary',
    '  - set LEADBID_NATS_URL to a nats-server that runs elsewhere, with JetStream on',
    'Tried:',
    ...tried.map((line) => `  - ${line}`),
  ].join('\n')
}
