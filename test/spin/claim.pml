/* Claim, fence, lapse and suppress: the protocol of hosts, log, contractors and suppressions, checked by spin.
 *
 * One campaign with one lead lives in shard C; the lead's contact, x, lives in another shard, K. Every
 * shard has several hosts that may come to own it. A process may rest between any two steps for as long
 * as it likes: that is a pause, a slow network and a slow clock at once.
 *
 *   Journal     actors/shard/journal.ts, output-gate.ts, host.ts (claim): one append in flight; what
 *               became of it is read from the log: the first record after the expected one (J2)
 *               and the compare-and-append at the stream
 *   Ghost       an append whose host is gone, or gave it up, arrives after all
 *   Campaign    shard.ts, suppression-board.ts, suppression-desk.ts: lapses; folds what K decided
 *   Desk        auction-desk.ts, call-desk.ts, campaign/lease.ts: awards and confirms, contact first
 *   Contact     suppression-desk.ts, campaign/suppressions.ts: decides who must not be contacted
 *   Answer      call-desk.ts (attempt), campaign/contacts.ts: judges attempts
 *   Contractor  asks for a lead, confirms right before dialling, asks again when nobody answers
 *               The one who asks: gateway/collections/suppressions.ts, acknowledged after K's append
 *
 * What it checks, each on every reachable state:
 *   I1  between two awards of the lead lies what ended the first, under its name; no two contractors
 *       are on a call with the lead
 *   I4  no confirm asked for after the acknowledgement succeeds, whatever C has heard by then; once C
 *       said that it has folded the suppression no award and no confirm lands
 *   I6  what an answer tells is in the log when the answer leaves
 *   I9  epochs never fall along a shard's log, a claim raises its own, and only one record has it
 *
 * Left out: record and snapshot bytes, a log that loses records (I15), the log's own partition, several
 * events in a record (nothing of an open record is seen outside before it lands, so its decisions may as
 * well be made then), caps, calling hours, outcomes and skips (they end a lease as a lapse does), lifted
 * suppressions, a contact in the campaign's own shard (CD2: both events are one record), and liveness.
 * Clocks: a lease may lapse at any time, as by a clock that runs ahead. After a confirmed call the lead
 * rests (REST_MS); the model takes it that nobody is still on that call, or still waits for the answer
 * to its confirm, when the rest is over.
 *
 * -DM_... plants one bug; test/spin/model.test.ts names each and the property it must break.
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

/* ---- records ---- */

#define CLAIM 1
#define AWARD 2    /* arg: the contractor; the award's id is its number among the awards */
#define CONFIRM 3  /* arg: the award */
#define LAPSE 4    /* arg: the award */
#define HEARD 5    /* arg: twice the entry's number, plus one where it is x's; ends the lease with it */
#define BAR 6      /* arg: the award; a confirm found x suppressed before C had heard */
#define ATTEMPT 2  /* K. arg: the award */
#define SUPPRESS 3 /* K. arg: 1 where it is x's */

#define REC(kind, arg) (kind + 8 * (arg))
#define KIND(r) ((r) & 7)
#define ARG(r) ((r) >> 3)

#define C 0
#define K 1
#define SHARD(o) (o >= NC)
#define CLAIMS(s) (EC + (s) * (EK - EC))

/* A shard's subject. Of its records only what they amount to is kept, in `cs[LOG_C]` and `ks[LOG_K]`. */
typedef Stream {
  byte top        /* highest epoch in it */
  byte ghost      /* an append nobody waits for, which expects what is last */
  byte ghostEpoch
}
Stream log[2]

/* What the logs say, for the properties. */
byte open            /* the award whose lease is open */
byte to[AWARDS + 1]  /* whose each award is, + 1 */
bit sealed[AWARDS + 1] /* which were confirmed */
byte entryOfX
bit acked            /* x's suppression was acknowledged */
bit heardAll         /* and C said that it has folded it */

/* ---- hosts ---- */

#define NONE 0
#define CLAIMING 1
#define SERVING 2

/* The first record after the one its next append expects. Bytes are nobody else's: author, epoch and
 * boot are part of every record. */
#define NOTHING 0
#define OURS 1
#define OURS_AND_MORE 2
#define ANOTHERS 3

#define TELLS 9 /* who waits is the suppressor */

typedef Owner {
  byte role
  byte epoch
  byte next
  byte fly     /* the record in flight */
  byte wait    /* who waits for it: a contractor + 1, a campaign's owner + 1, TELLS */
}
Owner own[NC + NK]
byte drops

typedef CampaignState { byte lease; byte who; bit confirmed; byte rest; bit barred; byte head; byte n }
CampaignState cs[NC + 1]
#define LOG_C NC
typedef ContactState { byte tried; bit x; bit y; byte n }
ContactState ks[NK + 1]
#define LOG_K NK

/* A confirm in hand: whose, for which award, what K said, and whether anybody still waits for it. */
#define ASKED 1
#define ALLOWED 2
#define SUPPRESSED 3
#define SETTLED 4 /* confirmed before: only the log's word that this is still the owner is wanted */
typedef Confirm { byte whose; byte award; byte word; bit unheard }
Confirm desk[NC]
byte sure[NK]  /* the campaign's owner + 1 that gets a second yes once the log was read */

/* ---- contractors and the suppressor ---- */

#define ASKS_LEAD 0
#define HOLDS 1
#define ASKS_CONFIRM 2
#define ON_CALL 3
#define DONE 4
byte st[NA]
byte held[NA]
bit late[NA]   /* its confirm was asked for after the acknowledgement */

#define ASKS 0
#define ACKED 1
#define TOLD 2
byte sup
byte supN

byte i
byte w
byte r

#define met(what) c_code { sometimes[what]++; }

/* ---- sometimes: states a run must have met, or it has shown nothing ---- */

c_decl {
  static const char *names[] = { "fenced", "landed-and-more", "ghost-landed", "claim-lost", "second-yes",
    "no-longer-owned", "suppressed-by-contact", "awarded-after-rest", "late-confirm-refused",
    "revoked-by-fold", "told-to-all", "confirm-in-vain" };
  static unsigned long sometimes[12];
  __attribute__((destructor)) static void tell_sometimes(void) {
    int n;
    for (n = 0; n < 12; n++) printf("sometimes %s %lu\n", names[n], sometimes[n]);
  }
}
#define FENCED 0
#define LANDED_AND_MORE 1
#define GHOST_LANDED 2
#define CLAIM_LOST 3
#define SECOND_YES 4
#define NO_LONGER_OWNED 5
#define SUPPRESSED_BY_CONTACT 6
#define AWARDED_AFTER_REST 7
#define LATE_CONFIRM_REFUSED 8
#define REVOKED_BY_FOLD 9
#define TOLD_TO_ALL 10
#define CONFIRM_IN_VAIN 11

/* ---- state: changes only here, from a decision or from the log ---- */

inline no_lease(o) { cs[o].lease = 0; cs[o].who = 0; cs[o].confirmed = 0 }
inline apply_campaign(o, kind, arg) {
  if
  :: kind == AWARD ->
    cs[o].n++; cs[o].lease = cs[o].n; cs[o].who = arg; cs[o].confirmed = 0; cs[o].rest = 0
  :: kind == CONFIRM -> cs[o].confirmed = 1
  :: kind == LAPSE && cs[o].confirmed -> cs[o].rest = cs[o].who + 1; no_lease(o)
  :: kind == LAPSE && !cs[o].confirmed -> no_lease(o)
  :: kind == BAR -> cs[o].barred = 1; cs[o].rest = 0; no_lease(o)
  :: kind == HEARD && (arg & 1) == 0 -> cs[o].head = arg >> 1
  :: kind == HEARD && (arg & 1) == 1 ->
    cs[o].head = arg >> 1; cs[o].barred = 1; cs[o].rest = 0; no_lease(o)
  :: else
  fi
}
inline apply_contact(k, kind, arg) {
  if
  :: kind == ATTEMPT -> ks[k].tried = ks[k].tried | (1 << arg)
  :: kind == SUPPRESS && arg == 1 -> ks[k].n++; ks[k].x = 1
  :: kind == SUPPRESS && arg == 0 -> ks[k].n++; ks[k].y = 1
  :: else
  fi
}
/* Its state becomes what the log's records amount to. */
inline fold(o) {
  if
  :: SHARD(o) == C ->
    cs[o].lease = cs[LOG_C].lease; cs[o].who = cs[LOG_C].who; cs[o].confirmed = cs[LOG_C].confirmed;
    cs[o].rest = cs[LOG_C].rest; cs[o].barred = cs[LOG_C].barred; cs[o].head = cs[LOG_C].head;
    cs[o].n = cs[LOG_C].n
  :: else ->
    ks[o - NC].tried = ks[LOG_K].tried; ks[o - NC].x = ks[LOG_K].x; ks[o - NC].y = ks[LOG_K].y;
    ks[o - NC].n = ks[LOG_K].n
  fi;
  own[o].next = NOTHING
}
inline forget(o) {
  if
  :: SHARD(o) == C ->
    no_lease(o); cs[o].rest = 0; cs[o].barred = 0; cs[o].head = 0; cs[o].n = 0
  :: else -> ks[o - NC].tried = 0; ks[o - NC].x = 0; ks[o - NC].y = 0; ks[o - NC].n = 0
  fi
}

/* ---- answers, as they reach who waits; one that is given up on reaches nobody ---- */

/* Nobody waits for what is on its way to this contractor. What was begun goes on. */
inline nobody_waits(c) {
  i = 0;
  do
  :: i < NC ->
    if
    :: own[i].wait == c + 1 -> own[i].wait = 0
    :: else
    fi;
    if
    :: desk[i].whose == c + 1 -> desk[i].unheard = 1
    :: else
    fi;
    i++
  :: else -> break
  od;
  i = 0
}

inline say_awarded(c, award) {
  must(6, I6, to[award] == c + 1);
  held[c] = award; st[c] = HOLDS; nobody_waits(c)
}
inline say_refused(c) {
  if
  :: late[c] -> met(LATE_CONFIRM_REFUSED)
  :: else
  fi;
  held[c] = 0; late[c] = 0; st[c] = ASKS_LEAD; nobody_waits(c)
}
inline say_confirmed(c) {
  must(6, I6, sealed[held[c]] && (ks[LOG_K].tried & (1 << held[c])));
  must(4, I4, !late[c]);
  i = 0;
  do
  :: i < NA -> must(1, I1, i == c || st[i] != ON_CALL); i++
  :: else -> break
  od;
  i = 0;
  late[c] = 0; held[c] = 0; st[c] = ON_CALL; nobody_waits(c)
}
inline say_suppressed(number) {
  must(6, I6, ks[LOG_K].x);
  supN = number; acked = 1; sup = ACKED
}

/* ---- the journal ---- */

/* SH1, G1: decided on memory, applied at once, on its way. Nobody is answered yet. */
#define may_answer(o) (own[o].role == SERVING && own[o].fly == 0)
inline decide(o, kind, arg, waiter) {
  own[o].fly = REC(kind, arg); own[o].wait = waiter;
  if
  :: SHARD(o) == C -> apply_campaign(o, kind, ARG(own[o].fly))
  :: else -> apply_contact(o - NC, kind, ARG(own[o].fly))
  fi
}

/* The stream takes a record; `o`: whose it is, NC + NK where nobody waits for it. */
inline land(s, o, bytes, term) {
  must(9, I9, term >= log[s].top && (KIND(bytes) != CLAIM || term > log[s].top));
  log[s].top = term;
  if
  :: s == C && KIND(bytes) == AWARD ->
    must(1, I1, open == 0);
    must(4, I4, !heardAll);
    open = cs[LOG_C].n + 1;
    to[open] = ARG(bytes) + 1
  :: s == C && KIND(bytes) == CONFIRM ->
    must(1, I1, open == ARG(bytes));
    must(4, I4, !heardAll);
    sealed[ARG(bytes)] = 1
  :: s == C && (KIND(bytes) == LAPSE || KIND(bytes) == BAR) ->
    must(1, I1, open == ARG(bytes));
    open = 0
  :: s == C && KIND(bytes) == HEARD && (ARG(bytes) & 1) ->
    if
    :: open != 0 -> met(REVOKED_BY_FOLD)
    :: else
    fi;
    open = 0
  :: s == K && KIND(bytes) == SUPPRESS && ARG(bytes) == 1 && entryOfX == 0 ->
    entryOfX = ks[LOG_K].n + 1
  :: else
  fi;
  if
  :: s == C -> apply_campaign(LOG_C, KIND(bytes), ARG(bytes))
  :: else -> apply_contact(LOG_K, KIND(bytes), ARG(bytes))
  fi;
  /* What others have on its way expects less than what is last now: it will be refused for ever. */
  i = s * NC;
  do
  :: i < NC + s * NK ->
    if
    :: own[i].role == NONE || own[i].next == ANOTHERS || own[i].next == OURS_AND_MORE
    :: own[i].role != NONE && own[i].next == OURS -> own[i].next = OURS_AND_MORE
    :: own[i].role != NONE && own[i].next == NOTHING && i == o -> own[i].next = OURS
    :: own[i].role != NONE && own[i].next == NOTHING && i != o -> own[i].next = ANOTHERS
    fi;
    i++
  :: else -> break
  od;
  i = 0; log[s].ghost = 0; log[s].ghostEpoch = 0
}

/* Compare and append. A copy that is lost is one that never arrives; the same bytes sent again (J3, J4)
 * expect the same, so that the first to arrive stands for all of them. */
#ifdef M_NO_EXPECTED
#define is_expected(o) (own[o].next == NOTHING || own[o].next == ANOTHERS)
#else
#define is_expected(o) (own[o].next == NOTHING)
#endif
proctype Ghost() {
  do
  :: d_step { log[C].ghost != 0 -> met(GHOST_LANDED); land(C, NC + NK, log[C].ghost, log[C].ghostEpoch) }
  :: d_step { log[K].ghost != 0 -> met(GHOST_LANDED); land(K, NC + NK, log[K].ghost, log[K].ghostEpoch) }
  od
}

inline close_desk(o) {
  desk[o].whose = 0; desk[o].award = 0; desk[o].word = 0; desk[o].unheard = 0;
  /* What K still answers to this ask is for nobody. */
  i = NC;
  do
  :: i < NC + NK ->
    if
    :: own[i].wait == o + 1 -> own[i].wait = 0
    :: else
    fi;
    if
    :: sure[i - NC] == o + 1 -> sure[i - NC] = 0
    :: else
    fi;
    i++
  :: else -> break
  od;
  i = 0
}

/* The shard is given up here: its state is worth nothing, who waits is not answered. */
inline give_up(o) {
  own[o].role = NONE; own[o].fly = 0; own[o].next = NOTHING; own[o].wait = 0; own[o].epoch = 0;
  forget(o);
  if
  :: SHARD(o) == C -> close_desk(o)
  :: else -> sure[o - NC] = 0
  fi
}

/* G2: the answers behind a record that is durable. */
inline tell(o) {
  r = KIND(own[o].fly); w = own[o].wait; own[o].wait = 0;
  if
  :: w == 0
  :: w != 0 && SHARD(o) == C && r == AWARD -> w--; say_awarded(w, cs[o].lease)
  :: w != 0 && SHARD(o) == C && r == CONFIRM -> w--; say_confirmed(w)
  :: w != 0 && SHARD(o) == C && r == BAR -> w--; say_refused(w)
  :: w != 0 && SHARD(o) == K && r == SUPPRESS -> say_suppressed(ks[o - NC].n)
  :: w != 0 && SHARD(o) == K && r == ATTEMPT -> desk[w - 1].word = ALLOWED
  fi;
  r = 0; w = 0
}

#define has_landed(o) (own[o].fly != 0 && (own[o].next == OURS || own[o].next == OURS_AND_MORE))
#define is_refused(o) (own[o].fly != 0 && own[o].next == ANOTHERS)

proctype Journal(byte o) {
  do
  /* The stream takes it. */
  :: d_step { own[o].fly != 0 && is_expected(o) ->
    own[o].next = NOTHING; land(SHARD(o), o, own[o].fly, own[o].epoch) }

  /* H2: caught up, then claimed; it serves once the claim is durable. */
  :: d_step { own[o].role == NONE && log[SHARD(o)].top < CLAIMS(SHARD(o)) ->
    fold(o);
    own[o].role = CLAIMING; own[o].epoch = log[SHARD(o)].top + 1; own[o].fly = REC(CLAIM, 0) }

  /* J1 and J2: the ack, or where it was lost the first record after the expected one, says that it
   * landed, whatever came after. */
  :: d_step { has_landed(o) ->
    if
    :: own[o].next == OURS_AND_MORE -> met(LANDED_AND_MORE); own[o].next = ANOTHERS
    :: else -> own[o].next = NOTHING
    fi;
    own[o].role = SERVING;
    tell(o);
    own[o].fly = 0 }

  /* J2: it is another's, so ours never will land. */
#if defined(M_TOKEN_REFRESHED)
  :: d_step { is_refused(o) -> own[o].next = NOTHING }
#elif defined(M_NOT_FENCED)
  :: d_step { is_refused(o) ->
    own[o].fly = 0; own[o].wait = 0; own[o].role = SERVING; fold(o) }
#elif defined(M_NO_EXPECTED)
#else
  :: d_step { is_refused(o) ->
    if
    :: own[o].role == CLAIMING -> met(CLAIM_LOST)
    :: KIND(own[o].fly) == CONFIRM && SHARD(o) == C -> met(CONFIRM_IN_VAIN)
    :: else -> met(FENCED)
    fi;
    give_up(o) }
#endif

#ifdef M_LOST_ACK_FAILED
  /* No ack came: taken for a failure, the award is taken back, and whatever is next decided anew. */
  :: d_step { has_landed(o) && SHARD(o) == C && KIND(own[o].fly) == AWARD ->
    no_lease(o); cs[o].n--; own[o].fly = 0; own[o].wait = 0; own[o].next = NOTHING }
#endif

  /* Killed, handed over, or the append given up: what is on its way may land all the same. */
  :: d_step { own[o].role != NONE && drops < DROPS ->
    drops++;
    if
    :: own[o].fly != 0 && own[o].next == NOTHING ->
      log[SHARD(o)].ghost = own[o].fly; log[SHARD(o)].ghostEpoch = own[o].epoch
    :: else
    fi;
    give_up(o) }
  od
}

/* CD3: a yes that needs no append is given only where the log says that nobody else owns the shard. */
#define still_owned(o) (log[SHARD(o)].top <= own[o].epoch)

/* ---- the campaign's shard ---- */

/* Which entries may come, and which of them are folded (SD2): told, late, twice, in any order. */
#if defined(M_GAP_SKIPPED)
#define next_entry(o, nr) (nr > cs[o].head && nr <= ks[LOG_K].n)
#else
#define next_entry(o, nr) (nr == cs[o].head + 1 && nr <= ks[LOG_K].n)
#endif

proctype Campaign(byte o) {
  do
  :: d_step { may_answer(o) && cs[o].lease != 0 -> decide(o, LAPSE, cs[o].lease, 0) }
  :: d_step { may_answer(o) && next_entry(o, 1) -> decide(o, HEARD, 2 + (entryOfX == 1), 0) }
  :: d_step { may_answer(o) && next_entry(o, 2) -> decide(o, HEARD, 4 + (entryOfX == 2), 0) }
  :: d_step { may_answer(o) && sup == ACKED && cs[o].head >= supN -> met(TOLD_TO_ALL); sup = TOLD; heardAll = 1 }
  od
}

#ifdef M_TOLD_EARLY
/* SB1 broken: an entry is told before it is durable. */
proctype Rumour(byte o; byte k) {
  do
  :: d_step { may_answer(o) && own[k].fly != 0 && KIND(own[k].fly) == SUPPRESS &&
      own[k].role == SERVING && ks[k - NC].n == cs[o].head + 1 ->
    decide(o, HEARD, 2 * ks[k - NC].n + ARG(own[k].fly), 0) }
  od
}
#endif

/* The lead is free, and nobody is on the call after which it rests. */
#ifdef M_NO_REST
#define rested(o) true
#else
#define rested(o) (cs[o].rest == 0 || (st[cs[o].rest - 1] != ON_CALL && st[cs[o].rest - 1] != ASKS_CONFIRM))
#endif
#define to_offer(o) (cs[o].lease == 0 && !cs[o].barred && rested(o))

#ifdef M_REPLY_EARLY
#define answers_early(o) tell(o)
#else
#define answers_early(o) skip
#endif

proctype Desk(byte o; byte c) {
  do
  :: d_step { may_answer(o) && st[c] == ASKS_LEAD && cs[o].n < AWARDS && to_offer(o) ->
    if
    :: cs[o].rest != 0 -> met(AWARDED_AFTER_REST)
    :: else
    fi;
    decide(o, AWARD, c, c + 1); answers_early(o) }
  /* Asked again: what it got before. */
  :: d_step { may_answer(o) && st[c] == ASKS_LEAD && cs[o].lease != 0 && cs[o].who == c &&
      !cs[o].confirmed ->
    say_awarded(c, cs[o].lease) }

  /* A confirm: refused where its lease is no longer open, else the contact is asked (CD1). */
  :: d_step { may_answer(o) && st[c] == ASKS_CONFIRM && cs[o].lease != held[c] -> say_refused(c) }
#if defined(M_CONTACT_NOT_ASKED)
  :: d_step { may_answer(o) && st[c] == ASKS_CONFIRM && cs[o].lease == held[c] && desk[o].whose == 0 ->
    desk[o].whose = c + 1; desk[o].award = held[c]; desk[o].word = ALLOWED }
#else
  :: d_step { may_answer(o) && st[c] == ASKS_CONFIRM && cs[o].lease == held[c] && desk[o].whose == 0 ->
    desk[o].whose = c + 1; desk[o].award = held[c]; desk[o].word = ASKED }
#endif
  /* No word in time: `busy`, and the gateway asks again within the contractor's patience. */
  :: d_step { desk[o].whose == c + 1 && desk[o].word == ASKED -> close_desk(o) }

  /* Decided with K's word, on the state as it is by then. */
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word > ASKED &&
      cs[o].lease != desk[o].award ->
    if
    :: !desk[o].unheard -> say_refused(c)
    :: else
    fi;
    close_desk(o) }
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word == SUPPRESSED &&
      cs[o].lease == desk[o].award ->
    decide(o, BAR, desk[o].award, (desk[o].unheard -> 0 : c + 1)); answers_early(o); close_desk(o) }
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word == ALLOWED &&
      cs[o].lease == desk[o].award && !cs[o].confirmed ->
    decide(o, CONFIRM, desk[o].award, (desk[o].unheard -> 0 : c + 1)); answers_early(o); close_desk(o) }
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word == ALLOWED &&
      cs[o].lease == desk[o].award && cs[o].confirmed ->
    desk[o].word = SETTLED }
#ifdef M_NO_VERIFY
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word == SETTLED ->
#else
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word == SETTLED && still_owned(o) ->
#endif
    if
    :: !desk[o].unheard -> met(SECOND_YES); say_confirmed(c)
    :: else
    fi;
    close_desk(o) }
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word == SETTLED && !still_owned(o) ->
    met(NO_LONGER_OWNED); give_up(o) }
  od
}

/* ---- the contact's shard ---- */

proctype Contact(byte o) {
  do
  :: d_step { STOPS && may_answer(o) && sup == ASKS && !ks[o - NC].x ->
    decide(o, SUPPRESS, 1, TELLS)
#ifdef M_ACKED_EARLY
    ; say_suppressed(ks[o - NC].n); own[o].wait = 0
#endif
  }
  :: d_step { may_answer(o) && sup == ASKS && ks[o - NC].x -> say_suppressed(ks[o - NC].n) }
  :: d_step { own[o].wait == TELLS -> own[o].wait = 0 } /* its asker gave up, and asks again */
  :: d_step { OTHERS && may_answer(o) && !ks[o - NC].y -> decide(o, SUPPRESS, 0, 0) }
  od
}

/* CO3: who is suppressed is refused whatever was counted before. */
#if defined(M_COPY_ONLY)
#define is_suppressed(k, o) (cs[o].barred)
#else
#define is_suppressed(k, o) (ks[k - NC].x)
#endif

proctype Answer(byte k; byte o) {
  do
  :: d_step { may_answer(k) && desk[o].word == ASKED && is_suppressed(k, o) ->
    met(SUPPRESSED_BY_CONTACT); desk[o].word = SUPPRESSED }
  :: d_step { may_answer(k) && desk[o].word == ASKED && !is_suppressed(k, o) &&
      !(ks[k - NC].tried & (1 << desk[o].award)) ->
    decide(k, ATTEMPT, desk[o].award, o + 1) }
  :: d_step { may_answer(k) && desk[o].word == ASKED && !is_suppressed(k, o) &&
      (ks[k - NC].tried & (1 << desk[o].award)) && sure[k - NC] == 0 ->
    sure[k - NC] = o + 1 }
#ifdef M_NO_VERIFY
  :: d_step { may_answer(k) && sure[k - NC] == o + 1 ->
#else
  :: d_step { may_answer(k) && sure[k - NC] == o + 1 && still_owned(k) ->
#endif
    sure[k - NC] = 0; desk[o].word = ALLOWED }
  :: d_step { may_answer(k) && sure[k - NC] == o + 1 && !still_owned(k) ->
    met(NO_LONGER_OWNED); give_up(k) }
  od
}

/* ---- who asks ---- */

#if NC == 1
#define is_awaited(c) (own[0].wait == c + 1)
#elif NC == 2
#define is_awaited(c) (own[0].wait == c + 1 || own[1].wait == c + 1)
#else
#define is_awaited(c) (own[0].wait == c + 1 || own[1].wait == c + 1 || own[2].wait == c + 1)
#endif
proctype Contractor(byte c) {
  do
  :: d_step { st[c] == ASKS_LEAD && is_awaited(c) -> nobody_waits(c) }
  :: d_step { st[c] == HOLDS -> st[c] = ASKS_CONFIRM; late[c] = acked }
  :: d_step { st[c] == ASKS_CONFIRM -> st[c] = HOLDS; late[c] = 0; nobody_waits(c) }
  :: d_step { st[c] == ON_CALL -> st[c] = DONE }
  od
}

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
