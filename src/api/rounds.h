/*
 * Requests that want the same read of the database, gathered into rounds: while one round's read
 * runs, whoever comes waits for the next one. So everybody gets what was read after they came, and
 * many cost few reads. Any thread.
 */
#ifndef API_ROUNDS_H
#define API_ROUNDS_H

#include "api/cache.h"

struct rounds;
struct round;

struct rounds *rounds_new(void);
/* Nobody waits any more. NULL is fine. */
void rounds_free(struct rounds *rs);

/*
 * Comes for the read of a name. With a round, the caller leads it: it reads, answers all of
 * round_next(), and so on until there are none; its first round is the waiter alone. NULL: somebody
 * else leads, and gets the waiter with a later round.
 */
struct round *rounds_come(struct rounds *rs, struct str name, struct answer_waiter *waiter);
/* What to read; as long as the round is led. */
struct str round_name(const struct round *r);
/* Those who came since the last call, in a list, last one first; NULL: none, and the round is gone.
 */
struct answer_waiter *round_next(struct rounds *rs, struct round *r) MUST_CHECK;

#endif
