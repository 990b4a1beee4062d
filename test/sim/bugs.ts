// Bugs: what is planted into the engine, one at a time, to see that the checks can say no.

import type { Bug } from './world.ts'

export const BUGS: Bug[] = []
