/*
 * What can be said of a request without a look at anything else.
 */
#include "index/index_priv.h"

/* What callers are told who come at a bad time. */
enum { RETRY_AFTER_S = 10 };

#define NO_NAME   "could not process a layer which does not have a name"
#define NO_PATH   "could not process a layer which does not have a path"
#define NO_FORMAT "could not process a layer which does not have a format"
#define LONG_NAME "could not process a layer whose name has more than 128 characters"
#define BAD_NAME  "could not process a layer whose name is not UTF-8 text"

struct index_result index_refusal(enum index_status status, const char *message)
{
	return (struct index_result){ .status = status,
		.message = str_of(message),
		.retry_after_s = status == INDEX_BUSY ? RETRY_AFTER_S : 0 };
}

/* Characters of UTF-8 text without NUL; SIZE_MAX for anything else. */
static size_t count_characters(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.n; count++) {
		size_t n = utf8_check(s.p + i, s.n - i);

		if (n == 0 || s.p[i] == '\0')
			return SIZE_MAX;
		i += n;
	}
	return count;
}

int index_request_check(const struct index_request *r, struct index_result *out)
{
	size_t characters = count_characters(r->name);
	const char *message = r->name.n == 0                  ? NO_NAME
			      : characters == SIZE_MAX        ? BAD_NAME
			      : characters > LIMIT_LAYER_NAME ? LONG_NAME
			      : r->path.n == 0                ? NO_PATH
			      : r->format.n == 0              ? NO_FORMAT
							      : NULL;

	if (!message)
		return 0;
	*out = index_refusal(INDEX_BAD_REQUEST, message);
	return 1;
}
