/* Journal: answers and the properties they must have, appends and what became of them.
 * A part of claim.pml, whose head says what stands for what. */

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

/* Compare and append. */
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
