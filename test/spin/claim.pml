/* Claim, fence, lapse and suppress: the protocol of hosts, log, contractors and suppressions, checked by spin.
 *
 * One campaign with one lead lives in shard C; the lead's contact, x, lives in another shard, K. Every
 * shard has several hosts that may come to own it. A process may rest between any two steps for as long
 * as it likes: that is a pause, a slow network and a slow clock at once.
 *
 *   Journal     actors/shard/journal.ts, output-gate.ts, host.ts (claim): one append in flight, compare
 *               and append at the stream, and what became of it by reading the log: the first
 *               record after the expected one (J2)
 *   Ghost       an append whose host is gone, or gave it up, arrives after all
 *   Campaign    shard.ts, suppression-board.ts, suppression-desk.ts: lapses; folds what K decided
 *   Desk        auction-desk.ts, call-desk.ts, campaign/lease.ts: awards and confirms, contact first
 *   Contact     suppression-desk.ts, campaign/suppressions.ts: decides who must not be contacted
 *   Answer      call-desk.ts (attempt), campaign/contacts.ts: judges attempts
 *   Contractor  asks for a lead, confirms right before dialling, asks again when nobody answers
 * Who suppresses (gateway/collections/suppressions.ts) is acknowledged after K's append, then told when C
 * has folded it; it needs no process of its own.
 *
 * What it checks, each on every reachable state:
 *   I1  between two awards of the lead lies what ended the first, under its name; no two contractors
 *       are on a call with the lead
 *   I4  no confirm asked for after the acknowledgement succeeds, whatever C has heard by then; once C
 *       said that it has folded the suppression no award and no confirm lands
 *   I6  what an answer tells is in the log when the answer leaves
 *   I9  epochs never fall along a shard's log, a claim raises its own, and only one record has it
 *
 * Of a log the model keeps what its records amount to, and of every host what the first record after the
 * one it expects is (`next`): nothing else of a log is ever read. A copy of an append that is lost is one
 * that never arrives, and the same bytes sent again (J3, J4) expect the same: one copy stands for all.
 *
 * Left out: record and snapshot bytes, a log that loses records (I15), the log's own partition, several
 * events in a record (nothing of an open record is seen outside before it lands, so its decisions may as
 * well be made then), caps, calling hours, outcomes and skips (they end a lease as a lapse does), lifted
 * suppressions, a contact in the campaign's own shard (CD2: both events are one record), and liveness.
 * Clocks: a lease may lapse at any time, as by a clock that runs ahead. After a confirmed call the lead
 * rests (REST_MS); the model takes it that nobody is still on that call, or still waits for the answer
 * to its confirm, when the rest is over.
 *
 * -DM_... plants one bug; test/spin/searches.ts names each and the property it must break.
 * -DONLY=n checks one property alone.
 */

#ifndef NC
#define NC 2 /* hosts that may own the campaign's shard */
#endif
#ifndef NK
#define NK 2 /* hosts that may own the contact's shard */
#endif
#ifndef NA
#define NA 2 /* contractors */
#endif
#ifndef AWARDS
#define AWARDS 2 /* awards in shard C; everything else in it is bounded by them */
#endif
#ifndef EC
#define EC 2 /* claims of shard C */
#endif
#ifndef EK
#define EK 2 /* claims of shard K */
#endif
#ifndef DROPS
#define DROPS 1 /* shards dropped with whatever was in flight: kill -9, a hand-over, an append given up */
#endif
#ifndef STOPS
#define STOPS 1 /* whether x is suppressed at all */
#endif
#ifndef OTHERS
#define OTHERS 1 /* suppressions of somebody else, for the numbers to have gaps */
#endif
#ifndef ONLY
#define ONLY 0
#endif

/* A name that is always false: it is in the text of the assertion that fails. */
bit I1, I4, I6, I9
#define must(n, name, ok) assert((ok) || name || (ONLY != 0 && ONLY != n))

#include "state.pml"
#include "journal.pml"
#include "desks.pml"

/* One host of each shard has it at the start, under epoch 1. */
inline first_owner(o) { own[o].role = SERVING; own[o].epoch = 1; log[SHARD(o)].top = 1 }

init {
  byte a, b;
  atomic {
    first_owner(0);
    first_owner(NC);
    for (a : 0 .. NC + NK - 1) { run Journal(a) }
    run Ghost();
    for (a : 0 .. NC - 1) {
      run Campaign(a);
      for (b : 0 .. NA - 1) { run Desk(a, b) }
      for (b : NC .. NC + NK - 1) {
        run Answer(b, a);
#ifdef M_TOLD_EARLY
        run Rumour(a, b)
#endif
      }
    }
    for (a : NC .. NC + NK - 1) { run Contact(a) }
    for (a : 0 .. NA - 1) { run Contractor(a) }
    a = 0; b = 0
  }
}
