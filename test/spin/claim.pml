/* Claim, fence, lapse and suppress: the protocol of hosts, log, contractors and suppressions, checked by spin.
 *
 * One campaign with one lead lives in shard C; the lead's contact, x, lives in another shard, K. Every
 * shard has several hosts that may come to own it. A process may rest between any two steps for as long
 * as it likes: that is a pause, a slow network and a slow clock at once.
 *
 *   Journal     actors/shard/journal.ts, output-gate.ts, host.ts (claim): one append in flight; what
 *               became of it is read from the log: the first record after the expected one (J2)
 *   Network     an append on its way to the stream and the compare-and-append there; copies are lost,
 *               late, refused for another reason (J3), or sent again (J4)
 *   Ghost       an append whose host is gone, or gave it up, arrives after all
 *   Campaign    shard.ts, suppression-board.ts, suppression-desk.ts: lapses; folds what K decided
 *   Desk        auction-desk.ts, call-desk.ts, campaign/lease.ts: awards and confirms, contact first
 *   Contact     suppression-desk.ts, campaign/suppressions.ts: decides who must not be contacted
 *   Answer      call-desk.ts (attempt), campaign/contacts.ts: judges attempts
 *   Contractor  asks for a lead, confirms right before dialling, asks again when nobody answers
 *   Suppressor  gateway/collections/suppressions.ts: acknowledges after K's append, then waits for C
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
#ifndef LC
#define LC 7 /* records of shard C */
#endif
#ifndef LK
#define LK 4 /* records of shard K */
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
#ifndef OTHERS
#define OTHERS 1 /* suppressions of somebody else, for the numbers to have gaps */
#endif
#ifndef COPIES
#define COPIES 2 /* copies of one append on their way */
#endif
#ifndef ONLY
#define ONLY 0
#endif

/* A name that is always false: it is in the text of the assertion that fails. */
bit I1, I4, I6, I9
#define must(n, name, ok) assert((ok) || name || (ONLY != 0 && ONLY != n))

/* ---- records ---- */

#define CLAIM 1
#define AWARD 2    /* arg: the contractor; the award's id is the record's number */
#define CONFIRM 3  /* arg: the award */
#define LAPSE 4    /* arg: the award */
#define HEARD 5    /* arg: twice the entry's number, plus one where it is x's; ends the lease with it */
#define BAR 6      /* arg: the award; a confirm found x suppressed before C had heard */
#define ATTEMPT 2  /* K. arg: the award */
#define SUPPRESS 3 /* K. arg: 1 where it is x's */

/* What tells one host's bytes from another's: author, epoch and boot are part of every record. */
#define REC(o, kind, arg) (kind + 8 * (arg) + 128 * (LOCAL(o) * 2 + own[o].inc) + 1024 * own[o].epoch)
#define KIND(r) ((r) & 7)
#define ARG(r) (((r) >> 3) & 15)
#define EPOCH(r) ((r) >> 10)

#define C 0
#define K 1
#define SHARD(o) (o >= NC)
#define LOCAL(o) (o - SHARD(o) * NC)
#define FULL(s) (LC + (s) * (LK - LC))
#define CLAIMS(s) (EC + (s) * (EK - EC))

typedef Stream {
  short rec[9]
  byte last
  byte top       /* highest epoch in it */
  short ghost    /* an append nobody waits for */
  byte ghostAt   /* what it expects */
}
Stream log[2]

/* What the logs say, for the properties. */
byte open      /* the award whose lease is open */
byte entries   /* suppressions in K */
byte entryOfX
bit acked      /* x's suppression was acknowledged */
bit heardAll   /* and C said that it has folded it */

/* ---- hosts ---- */

#define NONE 0
#define CLAIMING 1
#define SERVING 2
#define TELLS 9 /* who waits is the suppressor */

typedef Owner {
  byte role
  byte seq     /* the last record it knows: what its next append expects */
  byte epoch
  short fly    /* the record in flight */
  byte net     /* copies of it on their way */
  bit inc      /* its boot */
  byte wait    /* who waits for the record: a contractor + 1, a campaign's owner + 1, TELLS */
}
Owner own[NC + NK]
byte drops

typedef CampaignState { byte lease; byte who; bit confirmed; byte rest; bit barred; byte head }
CampaignState cm[NC]
typedef ContactState { short tried; bit x; bit y; byte n }
ContactState km[NK]

/* A confirm in hand: whose, for which award, what K said, and whether anybody still waits for it. */
#define ASKED 1
#define ALLOWED 2
#define SUPPRESSED 3
#define SETTLED 4 /* confirmed before: only the log's word that this is still the owner is wanted */
typedef Confirm { byte whose; byte award; byte word; bit unheard }
Confirm desk[NC]
byte sure[NK]  /* the campaign's owner + 1 that gets a second yes once the log was read */

/* ---- contractors and the suppressor ---- */

#define IDLE 0
#define ASKS_LEAD 1
#define HOLDS 2
#define ASKS_CONFIRM 3
#define ON_CALL 4
#define DONE 5
byte st[NA]
byte held[NA]
bit late[NA]   /* its confirm was asked for after the acknowledgement */

#define ASKS 1
#define ACKED 2
#define TOLD 3
byte sup
byte supN

hidden byte i
hidden byte w
hidden byte seen
hidden short r

/* ---- state: changes only here, from a decision or from the log ---- */

inline apply_campaign(o, kind, arg, number) {
  if
  :: kind == AWARD -> cm[o].lease = number; cm[o].who = arg; cm[o].confirmed = 0; cm[o].rest = 0
  :: kind == CONFIRM -> cm[o].confirmed = 1
  :: kind == LAPSE -> cm[o].rest = (cm[o].confirmed -> cm[o].who + 1 : 0); no_lease(o)
  :: kind == BAR -> cm[o].barred = 1; no_lease(o)
  :: kind == HEARD ->
    cm[o].head = (arg) >> 1;
    if
    :: ((arg) & 1) -> cm[o].barred = 1; no_lease(o)
    :: else
    fi
  :: else
  fi
}
inline no_lease(o) { cm[o].lease = 0; cm[o].who = 0; cm[o].confirmed = 0 }

inline apply_contact(o, kind, arg) {
  if
  :: kind == ATTEMPT -> km[o - NC].tried = km[o - NC].tried | (1 << (arg))
  :: kind == SUPPRESS ->
    km[o - NC].n++;
    if
    :: (arg) == 1 -> km[o - NC].x = 1
    :: else -> km[o - NC].y = 1
    fi
  :: else
  fi
}
inline apply(o, kind, arg, number) {
  if
  :: SHARD(o) == C -> apply_campaign(o, kind, arg, number)
  :: else -> apply_contact(o, kind, arg)
  fi
}
inline forget(o) {
  if
  :: SHARD(o) == C ->
    no_lease(o); cm[o].rest = 0; cm[o].barred = 0; cm[o].head = 0
  :: else -> km[o - NC].tried = 0; km[o - NC].x = 0; km[o - NC].y = 0; km[o - NC].n = 0
  fi
}
/* Its state becomes the log's first `upto` records. */
inline fold(o, upto) {
  forget(o);
  i = 1;
  do
  :: i <= upto ->
    r = log[SHARD(o)].rec[i];
    apply(o, KIND(r), ARG(r), i);
    i++
  :: else -> break
  od;
  own[o].seq = upto; i = 0; r = 0
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

inline in_log(s, kind, arg) {
  seen = 0; i = 1;
  do
  :: i <= log[s].last ->
    if
    :: KIND(log[s].rec[i]) == kind && ARG(log[s].rec[i]) == (arg) -> seen = 1
    :: else
    fi;
    i++
  :: else -> break
  od;
  i = 0
}
inline say_awarded(c, number) {
  must(6, I6, KIND(log[C].rec[number]) == AWARD && ARG(log[C].rec[number]) == c);
  held[c] = number; st[c] = HOLDS; nobody_waits(c)
}
inline say_refused(c) { held[c] = 0; late[c] = 0; st[c] = IDLE; nobody_waits(c) }
inline say_confirmed(c) {
  in_log(C, CONFIRM, held[c]); must(6, I6, seen);
  in_log(K, ATTEMPT, held[c]); must(6, I6, seen);
  must(4, I4, !late[c]);
  i = 0;
  do
  :: i < NA -> must(1, I1, i == c || st[i] != ON_CALL); i++
  :: else -> break
  od;
  i = 0; seen = 0;
  late[c] = 0; held[c] = 0; st[c] = ON_CALL; nobody_waits(c)
}
inline say_suppressed(number) {
  in_log(K, SUPPRESS, 1); must(6, I6, seen); seen = 0;
  supN = number; acked = 1; sup = ACKED
}

/* ---- the journal ---- */

/* SH1, G1: decided on memory, applied at once, on its way. Nobody is answered yet. */
#define may_decide(o) (own[o].role == SERVING && own[o].fly == 0 && own[o].seq < FULL(SHARD(o)))
#define may_answer(o) (own[o].role == SERVING && own[o].fly == 0)
inline decide(o, kind, arg, waiter) {
  own[o].fly = REC(o, kind, arg); own[o].net = 1; own[o].wait = waiter;
  apply(o, KIND(own[o].fly), ARG(own[o].fly), own[o].seq + 1)
}

inline land(s, bytes) {
  log[s].last++;
  log[s].rec[log[s].last] = bytes;
  must(9, I9, EPOCH(bytes) >= log[s].top && (KIND(bytes) != CLAIM || EPOCH(bytes) > log[s].top));
  log[s].top = EPOCH(bytes);
  if
  :: s == C && KIND(bytes) == AWARD ->
    must(1, I1, open == 0);
    must(4, I4, !heardAll);
    open = log[s].last
  :: s == C && KIND(bytes) == CONFIRM ->
    must(1, I1, open == ARG(bytes));
    must(4, I4, !heardAll)
  :: s == C && (KIND(bytes) == LAPSE || KIND(bytes) == BAR) ->
    must(1, I1, open == ARG(bytes));
    open = 0
  :: s == C && KIND(bytes) == HEARD && (ARG(bytes) & 1) -> open = 0
  :: s == K && KIND(bytes) == SUPPRESS ->
    entries++;
    if
    :: ARG(bytes) == 1 && entryOfX == 0 -> entryOfX = entries
    :: else
    fi
  :: else
  fi;
  settle(s)
}
/* An append that expects less than what is last will be refused for ever: it need not be kept. */
inline settle(s) {
#ifndef M_NO_EXPECTED
  i = 0;
  do
  :: i < NC + NK ->
    if
    :: SHARD(i) == s && own[i].net > 0 && own[i].seq < log[s].last -> own[i].net = 0
    :: else
    fi;
    i++
  :: else -> break
  od;
  i = 0;
  if
  :: log[s].ghost != 0 -> log[s].ghost = 0; log[s].ghostAt = 0
  :: else
  fi
#endif
}

#ifdef M_NO_EXPECTED
#define expected(s, at) (log[s].last < FULL(s))
#else
#define expected(s, at) (log[s].last == at)
#endif

proctype Network(byte o) {
  do
  :: d_step { own[o].net > 0 && expected(SHARD(o), own[o].seq) ->
    own[o].net--; land(SHARD(o), own[o].fly) }
#if COPIES > 0
  :: d_step { own[o].net > 0 -> own[o].net-- } /* lost, or 10164 */
#endif
  od
}

proctype Ghost(byte s) {
  do
  :: d_step { log[s].ghost != 0 && expected(s, log[s].ghostAt) ->
    r = log[s].ghost; log[s].ghost = 0; log[s].ghostAt = 0; land(s, r); r = 0 }
  od
}

#define is_ours(o) (log[SHARD(o)].rec[own[o].seq + 1] == own[o].fly)
#define moved_on(o) (log[SHARD(o)].last > own[o].seq)

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
  own[o].role = NONE; own[o].fly = 0; own[o].net = 0; own[o].wait = 0; own[o].epoch = 0;
  forget(o); own[o].seq = 0;
  if
  :: SHARD(o) == C -> close_desk(o)
  :: else -> sure[o - NC] = 0
  fi
}

inline landed(o) {
  own[o].seq++; own[o].net = 0;
  if
  :: own[o].role == CLAIMING -> own[o].role = SERVING
  :: else
  fi;
  r = own[o].fly; own[o].fly = 0;
  tell(o, KIND(r), own[o].seq);
  r = 0
}
/* G2: the answers behind a record that is durable. */
inline tell(o, kind, number) {
  w = own[o].wait; own[o].wait = 0;
  if
  :: w == 0
  :: w != 0 && SHARD(o) == C && kind == AWARD -> w--; say_awarded(w, number)
  :: w != 0 && SHARD(o) == C && kind == CONFIRM -> w--; say_confirmed(w)
  :: w != 0 && SHARD(o) == C && kind == BAR -> w--; say_refused(w)
  :: w != 0 && SHARD(o) == K && kind == SUPPRESS -> say_suppressed(km[o - NC].n)
  :: w != 0 && SHARD(o) == K && kind == ATTEMPT -> desk[w - 1].word = ALLOWED
  fi;
  w = 0
}

proctype Journal(byte o) {
  do
  /* H2: caught up, then claimed; it serves once the claim is durable. */
  :: d_step { own[o].role == NONE && log[SHARD(o)].top < CLAIMS(SHARD(o)) &&
      log[SHARD(o)].last < FULL(SHARD(o)) ->
    fold(o, log[SHARD(o)].last);
    own[o].role = CLAIMING; own[o].epoch = log[SHARD(o)].top + 1;
    own[o].fly = REC(o, CLAIM, 0); own[o].net = 1 }

  /* J1 and J2: the ack, or where it was lost the first record after the expected one, says that it landed. */
  :: d_step { own[o].fly != 0 && moved_on(o) && is_ours(o) -> landed(o) }

  /* J2: it is another's, so ours never will land. */
#if defined(M_TOKEN_REFRESHED)
  :: d_step { own[o].fly != 0 && moved_on(o) && !is_ours(o) ->
    own[o].seq = log[SHARD(o)].last; own[o].net = (own[o].seq < FULL(SHARD(o)) -> 1 : 0) }
#elif defined(M_NOT_FENCED)
  :: d_step { own[o].fly != 0 && moved_on(o) && !is_ours(o) ->
    own[o].fly = 0; own[o].net = 0; own[o].wait = 0;
    fold(o, log[SHARD(o)].last); own[o].role = SERVING }
#else
  :: d_step { own[o].fly != 0 && moved_on(o) && !is_ours(o) -> give_up(o) }
#endif

  /* J2: nothing landed: the same bytes again, though a copy may still be on its way (J4). */
#if COPIES > 0
  :: d_step { own[o].fly != 0 && !moved_on(o) && own[o].net < COPIES -> own[o].net++ }
#endif

#ifdef M_LOST_ACK_FAILED
  /* The ack did not come: it cannot have landed, so whatever is next is decided anew. */
  :: d_step { own[o].fly != 0 && own[o].role == SERVING && moved_on(o) ->
    own[o].fly = 0; own[o].net = 0; own[o].wait = 0;
    fold(o, own[o].seq); own[o].seq = log[SHARD(o)].last }
#endif

  /* Killed, handed over, or the append given up: what is on its way may land all the same. */
  :: d_step { own[o].role != NONE && drops < DROPS ->
    drops++;
    if
    :: own[o].net > 0 -> log[SHARD(o)].ghost = own[o].fly; log[SHARD(o)].ghostAt = own[o].seq
    :: else
    fi;
    give_up(o);
    own[o].inc = 1 - own[o].inc }
  od
}

/* CD3: a yes that needs no append is given only where the log says that nobody else owns the shard. */
#define still_owned(o) (log[SHARD(o)].top <= own[o].epoch)

/* ---- the campaign's shard ---- */

/* Which entries may come, and which of them are folded (SD2): told, late, twice, in any order. */
#if defined(M_GAP_SKIPPED)
#define next_entry(o, n) (n > cm[o].head && n <= entries)
#else
#define next_entry(o, n) (n == cm[o].head + 1 && n <= entries)
#endif

proctype Campaign(byte o) {
  do
  :: d_step { may_decide(o) && cm[o].lease != 0 -> decide(o, LAPSE, cm[o].lease, 0) }
  :: d_step { may_decide(o) && next_entry(o, 1) -> decide(o, HEARD, 2 + (entryOfX == 1), 0) }
  :: d_step { may_decide(o) && next_entry(o, 2) -> decide(o, HEARD, 4 + (entryOfX == 2), 0) }
  :: d_step { may_answer(o) && sup == ACKED && cm[o].head >= supN -> sup = TOLD; heardAll = 1 }
  od
}

#ifdef M_TOLD_EARLY
/* SB1 broken: an entry is told before it is durable. */
proctype Rumour(byte o; byte k) {
  do
  :: d_step { may_decide(o) && own[k].fly != 0 && KIND(own[k].fly) == SUPPRESS &&
      own[k].role == SERVING && km[k - NC].n == cm[o].head + 1 ->
    decide(o, HEARD, 2 * km[k - NC].n + ARG(own[k].fly), 0) }
  od
}
#endif

/* The lead is free, and nobody is on the call after which it rests. */
#ifdef M_NO_REST
#define rested(o) true
#else
#define rested(o) (cm[o].rest == 0 || (st[cm[o].rest - 1] != ON_CALL && st[cm[o].rest - 1] != ASKS_CONFIRM))
#endif
#define to_offer(o) (cm[o].lease == 0 && !cm[o].barred && rested(o))

#ifdef M_REPLY_EARLY
#define answers_early(o) tell(o, KIND(own[o].fly), own[o].seq + 1)
#else
#define answers_early(o) skip
#endif

proctype Desk(byte o; byte c) {
  do
  :: d_step { may_decide(o) && st[c] == ASKS_LEAD && to_offer(o) ->
    decide(o, AWARD, c, c + 1); answers_early(o) }
  /* Asked again: what it got before. */
  :: d_step { may_answer(o) && st[c] == ASKS_LEAD && cm[o].lease != 0 && cm[o].who == c &&
      !cm[o].confirmed ->
    say_awarded(c, cm[o].lease) }

  /* A confirm: refused where its lease is no longer open, else the contact is asked (CD1). */
  :: d_step { may_answer(o) && st[c] == ASKS_CONFIRM && cm[o].lease != held[c] -> say_refused(c) }
#if defined(M_CONTACT_NOT_ASKED)
  :: d_step { may_answer(o) && st[c] == ASKS_CONFIRM && cm[o].lease == held[c] && desk[o].whose == 0 ->
    desk[o].whose = c + 1; desk[o].award = held[c]; desk[o].word = ALLOWED }
#else
  :: d_step { may_answer(o) && st[c] == ASKS_CONFIRM && cm[o].lease == held[c] && desk[o].whose == 0 ->
    desk[o].whose = c + 1; desk[o].award = held[c]; desk[o].word = ASKED }
#endif
  /* No word in time: `busy`, and the gateway asks again within the contractor's patience. */
  :: d_step { desk[o].whose == c + 1 && desk[o].word == ASKED -> close_desk(o) }

  /* Decided with K's word, on the state as it is by then. */
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word > ASKED &&
      cm[o].lease != desk[o].award ->
    if
    :: !desk[o].unheard -> say_refused(c)
    :: else
    fi;
    close_desk(o) }
  :: d_step { may_decide(o) && desk[o].whose == c + 1 && desk[o].word == SUPPRESSED &&
      cm[o].lease == desk[o].award ->
    decide(o, BAR, desk[o].award, (desk[o].unheard -> 0 : c + 1)); answers_early(o); close_desk(o) }
  :: d_step { may_decide(o) && desk[o].whose == c + 1 && desk[o].word == ALLOWED &&
      cm[o].lease == desk[o].award && !cm[o].confirmed ->
    decide(o, CONFIRM, desk[o].award, (desk[o].unheard -> 0 : c + 1)); answers_early(o); close_desk(o) }
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word == ALLOWED &&
      cm[o].lease == desk[o].award && cm[o].confirmed ->
    desk[o].word = SETTLED }
#ifdef M_NO_VERIFY
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word == SETTLED ->
#else
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word == SETTLED && still_owned(o) ->
#endif
    if
    :: !desk[o].unheard -> say_confirmed(c)
    :: else
    fi;
    close_desk(o) }
  :: d_step { may_answer(o) && desk[o].whose == c + 1 && desk[o].word == SETTLED && !still_owned(o) ->
    give_up(o) }
  od
}

/* ---- the contact's shard ---- */

proctype Contact(byte o) {
  do
  :: d_step { may_decide(o) && sup == ASKS && !km[o - NC].x ->
    decide(o, SUPPRESS, 1, TELLS)
#ifdef M_ACKED_EARLY
    ; say_suppressed(km[o - NC].n); own[o].wait = 0
#endif
  }
  :: d_step { may_answer(o) && sup == ASKS && km[o - NC].x -> say_suppressed(km[o - NC].n) }
#if OTHERS > 0
  :: d_step { may_decide(o) && !km[o - NC].y -> decide(o, SUPPRESS, 0, 0) }
#endif
  od
}

/* CO3: who is suppressed is refused whatever was counted before. */
#if defined(M_COPY_ONLY)
#define is_suppressed(k, o) (cm[o].barred)
#else
#define is_suppressed(k, o) (km[k - NC].x)
#endif

proctype Answer(byte k; byte o) {
  do
  :: d_step { may_answer(k) && desk[o].word == ASKED && is_suppressed(k, o) ->
    desk[o].word = SUPPRESSED }
  :: d_step { may_decide(k) && desk[o].word == ASKED && !is_suppressed(k, o) &&
      !(km[k - NC].tried & (1 << desk[o].award)) ->
    decide(k, ATTEMPT, desk[o].award, o + 1) }
  :: d_step { may_answer(k) && desk[o].word == ASKED && !is_suppressed(k, o) &&
      (km[k - NC].tried & (1 << desk[o].award)) && sure[k - NC] == 0 ->
    sure[k - NC] = o + 1 }
#ifdef M_NO_VERIFY
  :: d_step { may_answer(k) && sure[k - NC] == o + 1 ->
#else
  :: d_step { may_answer(k) && sure[k - NC] == o + 1 && still_owned(k) ->
#endif
    sure[k - NC] = 0; desk[o].word = ALLOWED }
  :: d_step { may_answer(k) && sure[k - NC] == o + 1 && !still_owned(k) -> give_up(k) }
  od
}

/* ---- who asks ---- */

proctype Contractor(byte c) {
  do
  :: d_step { st[c] == IDLE -> st[c] = ASKS_LEAD }
  :: d_step { st[c] == ASKS_LEAD -> st[c] = IDLE; nobody_waits(c) }
  :: d_step { st[c] == HOLDS -> st[c] = ASKS_CONFIRM; late[c] = acked }
  :: d_step { st[c] == ASKS_CONFIRM -> st[c] = HOLDS; late[c] = 0; nobody_waits(c) }
  :: d_step { st[c] == ON_CALL -> st[c] = DONE }
  od
}

proctype Suppressor() {
  do
  :: d_step { sup == IDLE -> sup = ASKS }
  :: d_step { sup == ASKS ->
    sup = IDLE;
    i = NC;
    do
    :: i < NC + NK ->
      if
      :: own[i].wait == TELLS -> own[i].wait = 0
      :: else
      fi;
      i++
    :: else -> break
    od;
    i = 0 }
  od
}

/* One host of each shard has it at the start, under epoch 1. */
inline first_owner(o) {
  own[o].role = SERVING; own[o].epoch = 1; own[o].seq = 1;
  log[SHARD(o)].rec[1] = REC(o, CLAIM, 0); log[SHARD(o)].last = 1; log[SHARD(o)].top = 1
}

init {
  byte a, b;
  atomic {
    first_owner(0);
    first_owner(NC);
    for (a : 0 .. NC + NK - 1) { run Journal(a); run Network(a) }
    run Ghost(C); run Ghost(K);
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
    run Suppressor();
    a = 0; b = 0
  }
}
