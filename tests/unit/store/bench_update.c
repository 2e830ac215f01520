/*
 * Times an update of the Debian tracker's shape, a second one of the same content, one with some
 * changes, and matching: bench_update DATABASE [CVES [RELEASES]]. Data is made up, and the same in
 * each run.
 */
#include <sys/resource.h>

#include "store/store.h"
#include "version/version.h"

static uint64_t random_state = 88172645463325252U;

static uint32_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32);
}

static void die(struct err *err)
{
	(void)fprintf(stderr, "%s\n", err_msg(err));
	exit(1);
}

static double cpu_ms(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return 1e3 * (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       1e-3 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

struct timer {
	uint64_t wall_ns;
	double cpu_ms;
};

static struct timer start_timer(void)
{
	return (struct timer){ clock_monotonic_ns(), cpu_ms() };
}

static void lap(const char *what, struct timer t)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	(void)printf("%-16s %8.2f ms, processor %8.2f ms, RSS at most %ld KiB\n", what,
		(double)(clock_monotonic_ns() - t.wall_ns) / 1e6, cpu_ms() - t.cpu_ms,
		usage.ru_maxrss);
}

static void put_all(struct store_update *u, unsigned cves, unsigned releases, unsigned changed)
{
	static const char words[] =
		"buffer overflow in the parser allows remote attackers to cause a denial of service ";
	struct buf description = BUF_INIT(4096), name = BUF_INIT(100), link = BUF_INIT(200);
	struct buf package = BUF_INIT(100), version = BUF_INIT(100), release = BUF_INIT(100);
	struct err err = ERR_INIT;

	random_state = 88172645463325252U;
	for (unsigned i = 0; i < cves; i++) {
		unsigned n_package = i * 5000 / cves;
		unsigned words_from = next_random() % 40;

		buf_clear(&name);
		buf_clear(&link);
		buf_clear(&description);
		buf_clear(&package);
		/* By package, so that names come in no order. */
		buf_printf(&name, "CVE-%u-%05u", 1999 + next_random() % 26, i);
		buf_printf(
			&link, "https://security-tracker.debian.org/tracker/%s", buf_cstr(&name));
		buf_printf(&package, "package-%u", n_package * 7919 % 5000);
		buf_printf(&description, "%s: %s", buf_cstr(&package), buf_cstr(&name));
		for (unsigned k = 0; k < 3 + next_random() % 5; k++)
			buf_append(&description, words + words_from % 20, sizeof(words) - 20);
		if (i < changed)
			buf_append_char(&description, '!');
		for (unsigned k = 0; k < releases; k++) {
			buf_clear(&version);
			buf_clear(&release);
			buf_printf(&release, "debian:%u", 9 + k);
			if (next_random() % 4)
				buf_printf(&version, "%u.%u.%u", next_random() % 3,
					next_random() % 20, next_random() % 100);
			struct advisory_fix fix = { .package = buf_str(&package),
				.fixed_version = buf_str(&version),
				.state = version.n ? FIX_STATE_FIXED : FIX_STATE_AFFECTED,
				.severity = SEVERITY_MEDIUM };
			struct advisory a = { .name_space = buf_str(&release),
				.scheme = STR("dpkg"),
				.name = buf_str(&name),
				.severity = SEVERITY_MEDIUM,
				.link = buf_str(&link),
				.description = buf_str(&description),
				.fixes = &fix,
				.n_fixes = 1 };
			if (store_update_put(u, &a, &err) < 0)
				die(&err);
		}
	}
	buf_fini(&description);
	buf_fini(&name);
	buf_fini(&link);
	buf_fini(&package);
	buf_fini(&version);
	buf_fini(&release);
}

static void update(
	struct store *s, const char *what, unsigned cves, unsigned releases, unsigned changed)
{
	struct store_update *u;
	struct store_update_result result;
	struct source_state state = { .location = STR("bench"), .updated_at = 1, .checked_at = 1 };
	struct err err = ERR_INIT;
	struct timer start = start_timer();

	if (store_update_begin(s, STR("debian"), &u, &err) < 0)
		die(&err);
	put_all(u, cves, releases, changed);
	lap("  staged", start);
	if (store_update_commit(u, &state, &result, &err) < 0)
		die(&err);
	lap(what, start);
	(void)printf("  %" PRIu64 " inserted, %" PRIu64 " changed, %" PRIu64 " deleted, %" PRIu64
		     " unchanged\n",
		result.inserted, result.changed, result.deleted, result.unchanged);
}

static void match(struct store *s, unsigned count)
{
	struct arena a = ARENA_INIT;
	struct match_query *queries = arena_alloc(&a, count * sizeof(*queries));
	struct match_list matches = { VEC_INIT };
	struct buf key = BUF_INIT(100);
	struct err err = ERR_INIT;

	if (version_key(version_scheme_by_name(STR("dpkg")), STR("2.5.50"), &key, &err) < 0)
		die(&err);
	for (unsigned i = 0; i < count; i++)
		queries[i] = (struct match_query){ .name_space = STR("debian:11"),
			.package = arena_printf(&a, "package-%u", next_random() % 5000),
			.key = buf_span(&key) };
	struct timer start = start_timer();
	if (store_match(s, queries, count, &a, &matches, &err) < 0)
		die(&err);
	lap("match", start);
	(void)printf("  %u queries, %zu matches\n", count, matches.items.n);
	vec_fini(&matches.items);
	buf_fini(&key);
	arena_fini(&a);
}

int main(int argc, char **argv)
{
	struct store *s;
	struct err err = ERR_INIT;
	uint32_t cves = 27000, releases = 5;

	if (argc < 2 || (argc > 2 && !parse_u32(str_of(argv[2]), &cves)) ||
		(argc > 3 && !parse_u32(str_of(argv[3]), &releases)))
		return 2;
	for (int run = 0; run < 2; run++) {
		struct timer start = start_timer();

		if (store_open(argv[1], STORE_CREATE, &s, &err) < 0)
			die(&err);
		lap("open", start);
		if (run == 0 && cves > 0) {
			update(s, "first update", cves, releases, 0);
			update(s, "second update", cves, releases, 0);
			update(s, "with changes", cves, releases, 300);
		}
		for (int i = 0; i < (cves ? 5 : 1); i++)
			match(s, 500);
		start = start_timer();
		store_close(s);
		lap("close", start);
	}
	return 0;
}
