import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that is gone once it is disposed of. */
export type TempDir = AsyncDisposable & { path: string }

export async function tempDir(): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), 'leadbid-test-'))
  return {
    path,
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }),
  }
}
