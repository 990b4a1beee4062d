// One Debian package, fetched and unpacked without root and without touching the system's own apt.
// apt checks the signature chain (archive keyring -> release file -> index -> package); nothing unsigned is unpacked.

import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DeployError, messageOf } from './error.ts'
import type { Log } from './log.ts'
import { runTool } from './tool.ts'

export type PackageOptions = {
  name: string
  workDir: string
  env: NodeJS.ProcessEnv
  log: Log
  signal?: AbortSignal
}
/** The unpacked package; disposing it removes whatever was not moved away. */
export type FetchedPackage = AsyncDisposable & { tree: string }

/** Debian testing: the oldest suite whose nats-server is new enough. */
const SUITE = 'forky'
const DEFAULT_MIRROR = ['http', 'deb.debian.org/debian'].join('://')
/** The system's mirror is tried first (it may be the only one reachable), then the default; a long list would only hide a dead network. */
const MIRRORS_MAX = 3
const KEYRINGS = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
]
const UPDATE_DEADLINE_MS = 120_000
const DOWNLOAD_DEADLINE_MS = 120_000
const UNPACK_DEADLINE_MS = 60_000
/** A folder this old was left by a process that was killed: no fetch lives longer than its deadlines. */
const STALE_AFTER_MS = 3_600_000
const TEMP_PREFIX = 'fetch-'

/** Downloads `name` into a temporary folder under `workDir` and unpacks it; throws when every mirror failed. */
export async function fetchPackage(options: PackageOptions): Promise<FetchedPackage> {
  const { name, workDir, log } = options
  const keyring = await firstReadable(KEYRINGS)
  if (!keyring) {
    throw new DeployError(
      'KEYRING_MISSING',
      `no Debian archive keyring at ${KEYRINGS.join(' or ')}`,
    )
  }
  await removeStale(workDir)
  const dir = await mkdtemp(join(workDir, TEMP_PREFIX))
  const dispose = async () => await rm(dir, { recursive: true, force: true })
  const failures: string[] = []
  try {
    for (const mirror of await mirrors()) {
      try {
        log.info({ name, suite: SUITE, mirror }, 'fetching package')
        const tree = await fetchFrom({ ...options, mirror, keyring, dir })
        return { tree, [Symbol.asyncDispose]: dispose }
      } catch (error) {
        options.signal?.throwIfAborted()
        failures.push(messageOf(error))
      }
    }
    throw new DeployError('PACKAGE_UNAVAILABLE', failures.join('; '))
  } catch (error) {
    await dispose()
    throw error
  }
}

type Source = PackageOptions & { mirror: string; keyring: string; dir: string }

async function fetchFrom(source: Source): Promise<string> {
  const { mirror, keyring, name, dir, env, signal } = source
  for (const folder of ['lists/partial', 'cache/archives/partial', 'package', 'tree']) {
    await rm(join(dir, folder), { recursive: true, force: true }) // another mirror may have left its own
    await mkdir(join(dir, folder), { recursive: true })
  }
  await writeFile(join(dir, 'sources.list'), `deb [signed-by=${keyring}] ${mirror} ${SUITE} main\n`)
  await writeFile(join(dir, 'status'), '')
  await writeFile(join(dir, 'apt.conf'), aptConf(dir))

  const apt = ['-c', join(dir, 'apt.conf'), '-q']
  const cwd = join(dir, 'package') // `download` writes into the working folder
  const common = { cwd, env, ...(signal ? { signal } : {}) }
  await runTool('apt-get', [...apt, 'update'], { ...common, deadlineMs: UPDATE_DEADLINE_MS })
  const download = [...apt, 'download', name]
  await runTool('apt-get', download, { ...common, deadlineMs: DOWNLOAD_DEADLINE_MS })
  const [file] = (await readdir(cwd)).filter((entry) => entry.endsWith('.deb'))
  if (!file) throw new DeployError('PACKAGE_UNAVAILABLE', `${mirror}: no package file came`)

  const tree = join(dir, 'tree')
  const unpack = ['-x', join(cwd, file), tree]
  await runTool('dpkg-deb', unpack, { ...common, deadlineMs: UNPACK_DEADLINE_MS })
  return tree
}

/**
 * Settings that keep apt inside `dir`. The system's own settings are read first and stay, since a proxy may be among
 * them; its hooks are cleared, since they act on the system. `update` must fail when the index cannot be fetched:
 * by default apt warns and goes on with what it has.
 */
function aptConf(dir: string): string {
  return `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::SourceList "${dir}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "${dir}";
Dir::State::Lists "${dir}/lists";
Dir::State::Status "${dir}/status";
Dir::State::Extended_States "${dir}/extended_states";
Dir::Cache "${dir}/cache";
Dir::Cache::Archives "${dir}/cache/archives";
Dir::Log "${dir}";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
`
}

async function mirrors(): Promise<string[]> {
  const files = ['/etc/apt/sources.list']
  const parts = await readdir('/etc/apt/sources.list.d').catch((): string[] => []) // not every system has it
  for (const part of parts) {
    if (/\.(list|sources)$/.test(part)) files.push(join('/etc/apt/sources.list.d', part))
  }
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  const found = texts.flatMap(mirrorsIn)
  return [...new Set([...found, DEFAULT_MIRROR])].slice(0, MIRRORS_MAX)
}

/** The mirrors of Debian itself named in an apt sources file, of either format; not the security or third-party ones. */
export function mirrorsIn(text: string): string[] {
  const live = text.split('\n').filter((line) => !line.trimStart().startsWith('#'))
  const urls = live.join('\n').match(/https?:\/\/\S+/g) ?? []
  return urls.map((url) => url.replace(/\/$/, '')).filter((url) => /\/debian$/.test(url))
}

async function firstReadable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const readable = await access(path).then(
      () => true,
      () => false, // the next path may exist
    )
    if (readable) return path
  }
  return undefined
}

async function removeStale(workDir: string): Promise<void> {
  for (const entry of await readdir(workDir)) {
    if (!entry.startsWith(TEMP_PREFIX)) continue
    const path = join(workDir, entry)
    const info = await stat(path).catch(() => undefined) // its owner may be removing it right now
    if (info && Date.now() - info.mtimeMs > STALE_AFTER_MS) {
      await rm(path, { recursive: true, force: true })
    }
  }
}
