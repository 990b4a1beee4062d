// XLSX boot: what the thread starts with. On Node 20 the loader of a process does not reach its
// threads, so TypeScript is made readable here first.

import { register } from 'tsx/esm/api'

register()
await import('./xlsx-thread.ts')
