// Small disk: a file system in memory of a size of its own, that can be filled and enlarged. Mounting
// takes root, and a machine that allows it.

import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TempDir, tempDir } from '../support/temp-dir.ts'
import { NotDone } from './not-done.ts'

export class SmallDisk implements TempDir {
  readonly path: string
  readonly #dir: TempDir
  #mounted = true
  readonly #abandoned = () => this.#unmount(['-l'])

  private constructor(dir: TempDir) {
    this.path = dir.path
    this.#dir = dir
    // Whoever ends this process in the middle leaves no mount behind.
    process.once('exit', this.#abandoned)
  }

  /** Throws NotDone where this machine does not let us mount. */
  static async mount(megabytes: number): Promise<SmallDisk> {
    const dir = await tempDir()
    const size = `size=${megabytes}m`
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', dir.path])
    if (status === 0) return new SmallDisk(dir)
    await dir[Symbol.asyncDispose]()
    throw new NotDone(`a tmpfs cannot be mounted: ${String(stderr ?? 'there is no mount').trim()}`)
  }

  /** Takes up everything but so much. */
  async fill(leave: number): Promise<void> {
    const free = await this.free()
    if (free > leave) await writeFile(join(this.path, 'ballast'), Buffer.alloc(free - leave, 1))
  }

  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.path)
    return bavail * bsize
  }

  grow(megabytes: number): void {
    const size = `remount,size=${megabytes}m`
    const { status, stderr } = spawnSync('mount', ['-o', size, this.path])
    if (status !== 0) throw new Error(`${this.path} does not grow: ${stderr}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#abandoned)
    this.#unmount([])
    if (this.#mounted) this.#unmount(['-l'])
    await this.#dir[Symbol.asyncDispose]()
  }

  #unmount(flags: readonly string[]): void {
    if (!this.#mounted) return
    this.#mounted = spawnSync('umount', [...flags, this.path]).status !== 0
    if (!this.#mounted) rmSync(this.path, { recursive: true, force: true })
  }
}
