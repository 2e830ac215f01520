/*
 * Request bodies: what Go's encoding/json takes, as strict JSON. See json_body.c.
 */
#ifndef API_JSON_BODY_H
#define API_JSON_BODY_H

#include "base/base.h"

/* How long the strict form of a body may be: an invalid byte becomes three. */
#define JSON_BODY_STRICT_MAX (3 * LIMIT_HTTP_BODY + 64)

/*
 * The first value of a body (of which the first LIMIT_HTTP_BODY bytes count) as strict JSON into
 * out, which is cleared and should have JSON_BODY_STRICT_MAX as its maximum. -ERR_INPUT with Go's
 * message ("EOF", "unexpected EOF", "invalid character …"); -ERR_TOO_LARGE beyond
 * LIMIT_JSON_DEPTH levels.
 */
int json_body_normalize(struct str body, struct buf *out, struct err *err) MUST_CHECK;

#endif
