/*
 * Times layers: storing them, and reading one of 400 features with some 500 vulnerabilities among
 * 60,000 advisories: bench_layer LOCATION [ROUNDS]. Data is made up, and the same in each run.
 */
#include <sys/resource.h>

#include "store/store.h"
#include "version/version.h"

enum { PACKAGES = 3000, ADVISORIES = 60000, FEATURES = 400, LAYERS = 20 };

static void check(int r, struct err *err)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "%s\n", err_msg(err));
	exit(1);
}

static double cpu_us(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return 1e6 * (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

struct timer {
	uint64_t wall_ns;
	double cpu_us;
};

static struct timer start_timer(void)
{
	return (struct timer){ clock_monotonic_ns(), cpu_us() };
}

static void lap(const char *what, struct timer t, unsigned rounds)
{
	(void)printf("%-36s %9.1f µs, processor %9.1f µs\n", what,
		(double)(clock_monotonic_ns() - t.wall_ns) / 1e3 / rounds,
		(cpu_us() - t.cpu_us) / rounds);
}

/* Most are fixed in a version below the installed one; some are not fixed. */
static void put_advisories(struct store *s)
{
	static const char text[] = "A buffer overflow in the parser allows remote attackers to "
				   "cause a denial of service or to execute arbitrary code.";
	struct source_state state = { .location = STR("bench"), .updated_at = 1, .checked_at = 1 };
	struct store_update *u;
	struct store_update_result result;
	struct err err = ERR_INIT;

	check(store_update_begin(s, STR("debian"), &u, &err), &err);
	for (unsigned i = 0; i < ADVISORIES; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct str name = arena_printf(&a, "CVE-%u-%05u", 2000 + i % 25, i);
		const struct advisory_fix fix = {
			.package = arena_printf(&a, "package-%u", i * 7 % PACKAGES),
			.fixed_version = i / PACKAGES % 16 == 3 && i % 8 < 5
						 ? STR_NULL
						 : arena_printf(&a, "1.%u", i % 50),
		};
		const struct advisory advisory = {
			.name_space = STR("debian:12"),
			.scheme = STR("dpkg"),
			.name = name,
			.severity = SEVERITY_MEDIUM,
			.link = arena_printf(
				&a, "https://security-tracker.debian.org/tracker/%s", name.p),
			.description =
				arena_printf(&a, "%s: %s %s", name.p, text, i % 3 ? "" : text),
			.metadata = STR("{\"NVD\":{\"CVSSv2\":{\"Score\":7.5,\"Vectors\":"
					"\"AV:N/AC:L/Au:N/C:P/I:P\"}}}"),
			.fixes = &fix,
			.n_fixes = 1,
		};
		check(store_update_put(u, &advisory, &err), &err);
	}
	check(store_update_commit(u, &state, &result, &err), &err);
}

static void put_layers(struct store *s)
{
	struct arena a = ARENA_INIT;
	struct layer_feature *features = arena_alloc(&a, FEATURES * sizeof(*features));
	struct buf key = BUF_INIT(VERSION_KEY_MAX);
	struct err err = ERR_INIT;
	struct timer start = start_timer();

	check(version_key(version_scheme_by_name(STR("dpkg")), STR("1.60-2"), &key, &err), &err);
	for (unsigned i = 0; i < FEATURES; i++) {
		features[i] = (struct layer_feature){ .name_space = STR("debian:12"),
			.scheme = STR("dpkg"),
			.name = arena_printf(&a, "package-%u", i * 7),
			.version = STR("1.60-2"),
			.key = buf_span(&key) };
		features[i].package = features[i].name;
	}
	for (unsigned i = 0; i < LAYERS; i++) {
		const struct layer_put put = { .name = arena_printf(&a, "layer-%u", i),
			.parent = i % 5 ? arena_printf(&a, "layer-%u", i - 1) : STR_NULL,
			.name_space = STR("debian:12"),
			.scheme = STR("dpkg"),
			.engine_version = 3,
			.facts = span_n("facts", 5),
			.inherits = i % 5 > 2,
			.features = features,
			.n_features = FEATURES };
		check(store_layer_put(s, &put, &err), &err);
	}
	lap("put of a layer", start, LAYERS);
	buf_fini(&key);
	arena_fini(&a);
}

static void read_layer(struct store *s, const char *what, enum layer_part part, unsigned rounds)
{
	size_t features = 0, matches = 0;
	struct err err = ERR_INIT;
	struct timer start = start_timer();

	for (unsigned i = 0; i < rounds; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct layer_view view;

		check(store_layer_read(s, STR("layer-4"), part, &a, &view, &err), &err);
		features = view.features.n;
		matches = view.matches.n;
		layer_view_fini(&view);
	}
	lap(what, start, rounds);
	(void)printf("  %zu features, %zu matches\n", features, matches);
}

static void read_state(struct store *s, unsigned rounds)
{
	struct layer_state state;
	struct err err = ERR_INIT;
	struct timer start = start_timer();

	for (unsigned i = 0; i < rounds; i++)
		check(store_layer_state(s, STR("layer-4"), &state, &err), &err);
	lap("state of a layer", start, rounds);
}

int main(int argc, char **argv)
{
	struct layer_state state;
	struct store *s;
	struct err err = ERR_INIT;
	uint32_t rounds = 500;

	if (argc < 2 || (argc > 2 && (!parse_u32(str_of(argv[2]), &rounds) || rounds == 0)))
		return 2;
	check(store_open(argv[1], STORE_CREATE, &s, &err), &err);
	int known = store_layer_state(s, STR("layer-4"), &state, &err);
	check(known, &err);
	if (!known) {
		put_advisories(s);
		put_layers(s);
	}
	read_state(s, rounds);
	read_layer(s, "layer alone", LAYER_PART_NONE, rounds);
	read_layer(s, "with features", LAYER_PART_FEATURES, rounds);
	read_layer(s, "with features and vulnerabilities", LAYER_PART_VULNERABILITIES, rounds);
	store_close(s);
	return 0;
}
