// Pauses: the longest a thread is held by one step of what is done to a million leads beside calls:
// taking them in, copying them for a snapshot, loading them, other settings, a model, the contacts'
// index. In one process and in its own CPU time, so that a busy machine adds nothing but caches.

import { sweep } from '../../actors/campaign/bars.ts'
import { Campaign } from '../../actors/campaign/campaign.ts'
import { PART_ROWS } from '../../actors/campaign/image.ts'
import { Suppressions } from '../../actors/campaign/suppressions.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import type { LeadAccepted, StoredLead } from '../../actors/protocol/events.ts'
import type { CampaignId, ContactId, CustomerId, LeadId, ShardId } from '../../actors/protocol/ids.ts'
import { PLANS, type Settings, settingsSchema, withZone } from '../../actors/protocol/settings.ts'
import { seeded } from '../../actors/runtime/random.ts'
import { TimeSlices } from '../../actors/runtime/time-slices.ts'
import { readState } from '../../actors/shard/snapshot-reader.ts'
import { writeState } from '../../actors/shard/snapshot-writer.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { openCampaign } from '../support/cluster.ts'
import { CITIES, type Figure, limitFigure, SOURCES, STAGES } from './bench.ts'
