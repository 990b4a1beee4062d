/* State: what records, logs, hosts, desks and contractors are made of, and how a record changes them.
 * A part of claim.pml, whose head says what stands for what. */

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
