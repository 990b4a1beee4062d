// Properties: fast-check with a fixed seed, so that what a build says depends on its commit alone.
// `PROPERTY_SEED=random npm test` (or a number) looks for what that seed does not find.

import fc from 'fast-check'

const wanted = process.env.PROPERTY_SEED ?? '20261121'
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) })

export { fc }
