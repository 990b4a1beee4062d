// Bundles: each test file and each program that tests start, made one file before the run. A process needs
// most of a second for some 250 modules through tsx, and a run starts hundreds of processes.

import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { optionsOf } from '../../deploy/program.ts'

/** Of the run a process belongs to; without it programs are started as everybody starts them. */
const DIR = 'LEADBID_TEST_BUNDLES'
const CLI = 'gateway/cli/leadbid.mjs'
const PROGRAMS = ['actors/main.ts', 'gateway/main.ts', 'actors/jobs/main.ts', CLI]

/** For the environment of what is to use them. */
export interface Bundles {
  [DIR]: string
}

/**
 * Makes bundles of these files, from the project's folder, and of the programs; they are gone when this process
 * ends. Rejects where one cannot be made.
 */
export async function makeBundles(files: readonly string[]): Promise<Bundles> {
  const caches = join(PROJECT_DIR, '.cache') // Within the project, where packages are found from.
  await mkdir(caches, { recursive: true })
  const dir = await mkdtemp(join(caches, 'bundles-'))
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  await build({
    absWorkingDir: PROJECT_DIR,
    entryPoints: [...files, ...PROGRAMS],
    outdir: dir,
    outbase: PROJECT_DIR,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'linked',
    sourcesContent: false,
    keepNames: true,
    logLevel: 'silent', // What is wrong is thrown.
    plugins: [whereItWas],
  })
  return { [DIR]: dir }
}

/** Node's arguments for one of the programs, as it is started everywhere, or as its bundle where there is one. */
export function programArguments(main: string): string[] {
  return argumentsOf(main, main === CLI ? [] : optionsOf(main))
}

/** Node's arguments for a test file; what it throws tells lines of the source. */
export function testArguments(file: string, { [DIR]: dir }: Partial<Bundles>): string[] {
  return ['--enable-source-maps', ...argumentsOf(file, LOADER, dir)]
}

const LOADER = ['--import', 'tsx']

/** `file` by its path from the project's folder. */
function argumentsOf(file: string, options: readonly string[], dir = process.env[DIR]): string[] {
  const bundle = dir === undefined ? undefined : join(dir, file.replace(/\.m?[jt]s$/, '.mjs'))
  if (bundle === undefined || !existsSync(bundle)) return [...options, file]
  return [...options.filter((option) => !LOADER.includes(option)), bundle]
}

/** Modules that look for files beside them go on finding those. */
const whereItWas: Plugin = {
  name: 'where it was',
  setup({ onLoad }) {
    onLoad({ filter: /\.m?ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      if (!text.includes('import.meta.')) return undefined
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
      return { contents, loader: 'ts' }
    })
  },
}
