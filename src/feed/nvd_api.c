/*
 * NVD's API (https://nvd.nist.gov/developers/vulnerabilities): pages of at most 2,000 entries, all
 * of them at first, later those that were modified since, in spans of at most 120 days.
 */
#include "base/base.h"

#include <time.h>

#include "feed/nvd_priv.h"
#include "net/net.h"

#define DAY_S 86400
/* What the API allows, less a day for what rounding and clocks may differ by. */
#define SPAN_S (119 * DAY_S)
/* What was modified while the last update was running, or our clock was ahead. */
#define OVERLAP_S (2 * 3600)
/* NVD asks for six seconds between requests, and bars who sends more than five in thirty. */
#define PUBLIC_HOST    "services.nvd.nist.gov"
#define PUBLIC_PAUSE_S 6
#define PAGE_ENTRIES   2000
/* At the rate of today there are some 200 pages; a server that never comes to an end is stopped. */
#define PAGES_MAX 10000

#define KEY_UNTIL STR("modified until")

struct api {
	struct feed_session *session;
	const char *url;    /* ends before the parameters of a page */
	uint64_t pause_s;   /* between two requests */
	uint64_t requests;  /* that were made */
	char timestamp[40]; /* of the first page */
};

/* Without parameters it ends in "/rest/json/cves/2.0"; the feeds lie in "…/json/cve/2.0/". */
bool nvd_is_api(const char *location)
{
	struct str path;

	(void)str_cut(str_of(location), '?', &path, NULL);
	while (str_ends(path, STR("/")))
		path.n--;
	return str_ends(path, STR("/cves/2.0"));
}

static bool is_public(const char *url)
{
	return str_find(str_of(url), STR("//" PUBLIC_HOST "/")) > 0;
}

/* Waits before all but the first request. */
static void pause_between(struct api *a)
{
	const struct timespec slice = { .tv_nsec = 100L * 1000 * 1000 };
	uint64_t until = clock_monotonic_ms() + a->pause_s * 1000;

	if (a->requests++ == 0)
		return;
	while (clock_monotonic_ms() < until && !feed_is_cancelled(a->session))
		(void)nanosleep(&slice, NULL);
}

static int read_page(struct api *a, const char *url, struct nvd_document *page, struct err *err)
{
	struct feed_document *d;

	pause_between(a);
	int r = feed_open(a->session, url, FEED_ALWAYS | FEED_ONCE, &d, err);
	if (r < 0)
		return r;
	r = nvd_parse(feed_stream(d), page, feed_sink(a->session), err);
	if (r < 0) {
		feed_drop(d);
		return r;
	}
	return feed_finish(d, err);
}

/* All pages for the parameters of `what` ("" or "&lastModStartDate=…"). */
static int read_pages(struct api *a, const char *what, struct err *err)
{
	struct nvd_document page;
	uint64_t start = 0;

	for (unsigned i = 0; i < PAGES_MAX; i++) {
		_cleanup_arena_ struct arena arena = ARENA_INIT;
		const char *url =
			arena_printf(&arena, "%sstartIndex=%" PRIu64 "&resultsPerPage=%d%s", a->url,
				start, PAGE_ENTRIES, what)
				.p;
		int r = read_page(a, url, &page, err);
		if (r < 0)
			return r;
		if (!a->timestamp[0])
			memcpy(a->timestamp, page.timestamp, sizeof(a->timestamp));
		if (page.start_index != start)
			return err_set(err, ERR_INPUT,
				"asked for entries from %" PRIu64 ", got those from %" PRIu64,
				start, page.start_index);
		start += page.entries;
		if (start >= page.total_results)
			return 0;
		if (page.entries == 0)
			break;
	}
	return err_set(err, ERR_INPUT, "the pages end at entry %" PRIu64 " of %" PRIu64, start,
		page.total_results);
}

/* "2026-11-24T08:30:00.000", in UTC. */
static struct str format_time(struct arena *arena, int64_t seconds)
{
	char text[CLOCK_RFC3339_SIZE];
	struct str s;

	clock_format_rfc3339(seconds, text);
	s = str_of(text);
	s.n--;
	return arena_printf(arena, "%" PRIstr ".000", STR_ARG(s));
}

static int read_since(struct api *a, int64_t since, int64_t until, struct err *err)
{
	while (since < until) {
		_cleanup_arena_ struct arena arena = ARENA_INIT;
		int64_t end = until - since > SPAN_S ? since + SPAN_S : until;
		struct str from = format_time(&arena, since);
		struct str to = format_time(&arena, end);
		const char *what = arena_printf(&arena,
			"&lastModStartDate=%" PRIstr "&lastModEndDate=%" PRIstr, STR_ARG(from),
			STR_ARG(to))
					   .p;
		int r = read_pages(a, what, err);
		if (r < 0)
			return r;
		since = end;
	}
	return 0;
}

int nvd_read_api(struct feed_session *s, struct err *err)
{
	const char *location = feed_location(s);
	struct api a = {
		.session = s,
		.url = arena_printf(
			feed_arena(s), "%s%c", location, strchr(location, '?') ? '&' : '?')
			       .p,
		.pause_s = is_public(location) ? PUBLIC_PAUSE_S : 0,
	};
	int64_t before, now = clock_wall_s();
	int r;

	if (nvd_time_parse(feed_recall(s, KEY_UNTIL), &before)) {
		/* Of two clocks, that which is ahead. */
		int64_t until = before > now ? before : now;
		r = nvd_set_partial(s, err);
		if (r == 0)
			r = read_since(&a, before - OVERLAP_S, until, err);
	} else {
		r = read_pages(&a, "", err);
	}
	/* What counts is the server's clock. */
	if (r == 0 && a.timestamp[0])
		feed_remember(s, KEY_UNTIL, arena_str(feed_arena(s), str_of(a.timestamp)));
	return r;
}
