// Seeds that failed once, and what they found. What a seed does changes with the simulation, so that
// each bug has a test of its own beside the engine's part as well.

export const SEEDS: readonly { seed: number; found: string }[] = [
  { seed: 2, found: 'a message lost on its way to the inbox reader waited for 30 s' },
  { seed: 15, found: 'a state that was lost while it drained was stored as a snapshot' },
  { seed: 20, found: 'an ingest that went to the inbox was answered long after its budget' },
  { seed: 4, found: 'a gateway whose clock was behind got no award' },
  { seed: 69, found: 'a damaged header of a snapshot halted its shard' },
  {
    seed: 5038,
    found: 'a request that was re-sent while its first copy was held up was awarded twice',
  },
  { seed: 81, found: 'two owners heard one award command, and the wrong one answered first' },
]
