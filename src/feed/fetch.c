/*
 * Downloads that go on after a failure, see fetch.h.
 */
#include "base/base.h"

#include "feed/fetch.h"

struct fetch {
	struct stream stream;
	struct stream *http;
	struct arena arena;
	struct fetch_options o; /* copies in the arena */
	struct str validator;   /* what the rest has to be a part of: ETag or Last-Modified */
	struct str encoding;
	uint64_t done;
	unsigned failures; /* in a row */
	uint64_t first_wait_ms;
	uint64_t wait_ms;
};

/* What may be there when it is asked for again, soon. */
static bool may_pass(const struct http_response *response, const struct err *err)
{
	long status = response->status;

	return err->code == ERR_UPSTREAM &&
	       (status == 0 || status == 408 || status == 425 || status == 429 || status >= 500);
}

static uint64_t first_wait_ms(void)
{
	const char *text = getenv("CLAIR_HTTP_RETRY_MS");
	uint64_t ms;

	return text && parse_u64(str_of(text), &ms) && ms <= 60000 ? ms : LIMIT_FETCH_WAIT_MS;
}

static void start_attempts(struct fetch *f)
{
	f->failures = 0;
	f->wait_ms = f->first_wait_ms;
}

/* Waits before the next attempt, in steps in which a cancellation is noticed; false: there is
 * none. */
static bool wait_for_retry(struct fetch *f, const struct err *err)
{
	const struct timespec step = { .tv_nsec = 50 * 1000 * 1000 };

	if (++f->failures >= LIMIT_FETCH_ATTEMPTS)
		return false;
	log_debug("trying again in %" PRIu64 " ms: %s", f->wait_ms, err_msg(err));
	uint64_t end = clock_monotonic_ms() + f->wait_ms;
	f->wait_ms *= 2;
	while (clock_monotonic_ms() < end) {
		if (f->o.cancel && atomic_load(f->o.cancel))
			return false;
		(void)nanosleep(&step, NULL);
	}
	return true;
}

static int request(struct fetch *f, struct arena *a, struct http_response *response,
	struct stream **out, struct err *err)
{
	struct http_header resume[2];
	struct http_get_options o = {
		.url = f->o.url,
		.etag = f->o.etag,
		.last_modified = f->o.last_modified,
		.max_bytes = LIMIT_FEED_DOWNLOAD,
		.accept_gzip = true,
		.netrc = f->o.netrc,
		.cancel = f->o.cancel,
	};

	*response = (struct http_response){ .status = 0 };
	if (f->done > 0) {
		resume[0] = (struct http_header){ STR("Range"),
			arena_printf(a, "bytes=%" PRIu64 "-", f->done) };
		resume[1] = (struct http_header){ STR("If-Range"), f->validator };
		o.headers = resume;
		o.header_count = 2;
		o.etag = o.last_modified = STR_NULL;
		o.any_success = true;
	}
	return http_get(&o, a, response, out, err);
}

static struct str validator_of(const struct http_response *response)
{
	/* A weak one does not promise the same bytes. */
	if (response->etag.n && !str_starts(response->etag, STR("W/")))
		return response->etag;
	return response->last_modified;
}

/* Reads what was had already: the server sends everything again. */
static int skip_had(struct fetch *f, struct err *err)
{
	char chunk[16384];

	for (uint64_t left = f->done; left > 0;) {
		ssize_t r = stream_read(
			f->http, chunk, left < sizeof(chunk) ? (size_t)left : sizeof(chunk), err);

		if (r == 0)
			return err_set(err, ERR_UPSTREAM, "shorter than it was");
		if (r < 0)
			return (int)r;
		left -= (uint64_t)r;
	}
	return 0;
}

/* Whether the body is what is missing (206), or, whole, what it was before. */
static int check_resumed(struct fetch *f, const struct http_response *response, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str expected = arena_printf(&a, "bytes %" PRIu64 "-", f->done);

	if (response->status == 206) {
		if (!str_starts(response->content_range, expected))
			return err_set(err, ERR_UPSTREAM,
				"the server answered with another range than asked for");
		return 0;
	}
	if (response->status != 200 || !str_eq(validator_of(response), f->validator) ||
		!str_eq(response->content_encoding, f->encoding))
		return err_set(err, ERR_UPSTREAM, "it changed while it was downloaded");
	return skip_had(f, err);
}

static int resume(struct fetch *f, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct http_response response;

	if (f->http)
		http_close(take_ptr(f->http));
	int r = request(f, &a, &response, &f->http, err);
	if (r == 0 && (r = check_resumed(f, &response, err)) < 0)
		(void)err_wrap(err, "%s", url_without_credentials(&a, str_of(f->o.url)).p);
	if (r < 0 && err->code == ERR_UPSTREAM && !may_pass(&response, err))
		f->failures = LIMIT_FETCH_ATTEMPTS;
	return r;
}

static ssize_t fetch_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct fetch *f = (struct fetch *)s;
	_cleanup_err_ struct err failure = ERR_INIT;

	for (;;) {
		ssize_t r = f->http ? stream_read(f->http, p, n, &failure) : -ERR_UPSTREAM;

		if (r >= 0) {
			f->done += (uint64_t)r;
			if (r > 0)
				start_attempts(f);
			return r;
		}
		if (r != -ERR_UPSTREAM || f->validator.n == 0 || !wait_for_retry(f, &failure))
			return err_move(err, &failure);
		err_clear(&failure);
		r = resume(f, &failure);
		if (r < 0 && f->http)
			http_close(take_ptr(f->http));
		if (r < 0 && r != -ERR_UPSTREAM)
			return err_move(err, &failure);
	}
}

int fetch_open(const struct fetch_options *o, struct arena *a, struct http_response *response,
	struct fetch **out, struct err *err)
{
	_cleanup_(fetch_closep) struct fetch *f = xcalloc(1, sizeof(*f));
	_cleanup_err_ struct err failure = ERR_INIT;
	int r;

	f->stream.read = fetch_read;
	f->first_wait_ms = first_wait_ms();
	start_attempts(f);
	f->o = *o;
	f->o.url = arena_cstr(&f->arena, str_of(o->url));
	while ((r = request(f, a, response, &f->http, &failure)) < 0) {
		if (!may_pass(response, &failure) || !wait_for_retry(f, &failure))
			return err_move(err, &failure);
		err_clear(&failure);
	}
	start_attempts(f);
	f->o.etag = f->o.last_modified = STR_NULL;
	f->validator = arena_str(&f->arena, validator_of(response));
	f->encoding = arena_str(&f->arena, response->content_encoding);
	*out = take_ptr(f);
	return 0;
}

struct stream *fetch_stream(struct fetch *f)
{
	return &f->stream;
}

void fetch_close(struct fetch *f)
{
	if (!f)
		return;
	if (f->http)
		http_close(f->http);
	arena_fini(&f->arena);
	free(f);
}
