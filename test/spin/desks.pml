/* Desks: what the owners of the two shards decide and answer, and who asks them.
 * A part of claim.pml, whose head says what stands for what. */

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
