/*
 * Reports to print, see samples.h.
 */
#include "samples.h"

#define BASE_LAYER "sha256:90d2c1a7be4100000000000000000000000000000000000000000000000000aa"
#define APP_LAYER  "sha256:1f0e5d3c2b1a00000000000000000000000000000000000000000000000000bb"

static void add_finding(struct report_target *t, const char *id, enum severity severity,
	const char *package, const char *installed, const char *fixed_in, enum fix_state state)
{
	vec_push(&t->vulnerabilities, (struct report_vulnerability){
					      .id = str_of(id),
					      .severity = severity,
					      .package = str_of(package),
					      .installed = str_of(installed),
					      .fixed_in = str_of(fixed_in),
					      .state = state,
				      });
}

static struct report_vulnerability *last_finding(struct report_target *t)
{
	return &t->vulnerabilities.v[t->vulnerabilities.n - 1];
}

static void add_package(struct report_target *t, const char *name, const char *version)
{
	vec_push(&t->packages,
		(struct report_package){
			.package = { .name = str_of(name), .version = str_of(version) },
			.database = STR("var/lib/dpkg/status"),
			.layer = STR(BASE_LAYER),
		});
}

static void add_unevaluated(
	struct report_target *t, const char *name, const char *version, const char *reason)
{
	vec_push(&t->not_evaluated, (struct report_unevaluated){ .name = str_of(name),
					    .version = str_of(version),
					    .reason = str_of(reason) });
}

static void set_debian(struct report_target *t)
{
	t->has_distro = true;
	t->distro = (struct distro){ .id = STR("debian"),
		.version = STR("12"),
		.name_space = STR("debian:12"),
		.name = STR("Debian GNU/Linux 12 (bookworm)"),
		.scheme = STR("dpkg") };
}

static void fill_full(struct report_target *t)
{
	static const struct str cves[] = { STR_INIT("CVE-2023-4911"), STR_INIT("CVE-2023-4912") };

	t->target = STR("shop.tar");
	t->digest = STR("sha256:6a5c00000000000000000000000000000000000000000000000000000000000f");
	set_debian(t);
	vec_push(&t->layers, STR(BASE_LAYER));
	vec_push(&t->layers, STR(APP_LAYER));
	add_finding(t, "CVE-2010-4756", SEVERITY_NEGLIGIBLE, "libc6", "2.36-9", "",
		FIX_STATE_WILL_NOT_FIX);
	add_finding(t, "CVE-2023-4911", SEVERITY_HIGH, "libc6", "2.36-9", "2.36-9+deb12u3",
		FIX_STATE_FIXED);
	last_finding(t)->link = STR("https://security-tracker.debian.org/tracker/CVE-2023-4911");
	last_finding(t)->description =
		STR("A buffer overflow in the \"ld.so\" loader\nlets local users\tgain root.");
	add_finding(t, "CVE-2023-4911", SEVERITY_HIGH, "libc-bin", "2.36-9", "2.36-9+deb12u3",
		FIX_STATE_FIXED);
	last_finding(t)->cves = cves;
	last_finding(t)->n_cves = ARRAY_LEN(cves);
	add_finding(t, "CVE-2023-0001", SEVERITY_DEFCON1, "openssl", "3.0.9-1", "3.0.10-1",
		FIX_STATE_FIXED);
	add_finding(t, "CVE-2023-0002", SEVERITY_CRITICAL, "openssl", "3.0.9-1", "",
		FIX_STATE_AFFECTED);
	add_finding(t, "CVE-2023-0003", SEVERITY_MEDIUM, "perl-base", "5.36.0-7", "",
		FIX_STATE_DEFERRED);
	add_finding(
		t, "CVE-2023-0004", SEVERITY_LOW, "oldlib", "1:0.9-1", "", FIX_STATE_END_OF_LIFE);
	add_finding(t, "TEMP-0000000-ABCDEF", SEVERITY_UNKNOWN, "tar", "1.34+dfsg-1.2", "",
		FIX_STATE_AFFECTED);
	vec_for_each(v, &t->vulnerabilities)
		v->layer = str_eq(v->package, STR("openssl")) ? STR(APP_LAYER) : STR(BASE_LAYER);
	last_finding(t)->layer = STR_NULL;
	add_package(t, "libc6", "2.36-9");
	t->packages.v[0].package = (struct package){ .name = STR("libc6"),
		.version = STR("2.36-9"),
		.arch = STR("amd64"),
		.source = STR("glibc"),
		.source_version = STR("2.36-9"),
		.module = STR("a:b:c:d"),
		.vendor = STR("GNU Libc Maintainers <debian-glibc@lists.debian.org>") };
	add_package(t, "libc-bin", "2.36-9");
	add_package(t, "openssl", "3.0.9-1");
	add_package(t, "perl-base", "5.36.0-7");
	add_package(t, "oldlib", "1:0.9-1");
	add_package(t, "tar", "1.34+dfsg-1.2");
	t->packages.v[5].layer = STR_NULL;
	add_package(t, "odd", "1_2");
	add_package(t, "odder", "");
	add_package(t, "third-party", "7");
	add_unevaluated(t, "odd", "1_2", "version cannot be compared: invalid character '_'");
	add_unevaluated(t, "third-party", "7", "no data for vendor:x");
	add_unevaluated(t, "odder", "", "version cannot be compared: empty");
}

static void fill_clean(struct report_target *t)
{
	t->target = STR("registry.example/base:1");
	t->has_distro = true;
	t->distro = (struct distro){ .id = STR("arch"), .name_space = STR("arch") };
	vec_push(&t->layers, STR(BASE_LAYER));
	add_package(t, "musl", "1.2.4-r2");
}

static void fill_empty(struct report_target *t)
{
	t->target = STR("scratch.tar");
}

static void fill_unknown(struct report_target *t)
{
	t->target = STR("rocky");
	t->has_distro = true;
	t->distro = (struct distro){
		.id = STR("rocky"), .version = STR("9"), .name_space = STR("rocky:9")
	};
	add_package(t, "bash", "5.1.8-6.el9");
	add_package(t, "glibc", "2.34-60.el9");
	add_unevaluated(t, "bash", "5.1.8-6.el9", "no data for rocky:9");
	add_unevaluated(t, "glibc", "2.34-60.el9", "no data for rocky:9");
}

/* Seven reasons, more than a line of totals names. */
static const char *const hostile_reasons[] = { "a\x1b[31m", "b\n", "c", "d", "e", "f", "g: x",
	"g: y" };

static void fill_hostile(struct report_target *t)
{
	t->target = STR("\x1b]0;owned\x07target\r\n");
	t->has_distro = true;
	t->distro = (struct distro){ .id = STR("de\x1b[2Jbian"),
		.version = STR("1\b2"),
		.name_space = STR("x:1"),
		.name = STR("\xc2\x9b"
			    "31m\xff\xe2\x80\xae\xe2\x80\xa8name\xc3\xa9") };
	add_finding(t, "CVE-\x1b[1m1", SEVERITY_HIGH, "pkg\x7f\tname", "1.0\n2.0", "9\x1b[0m",
		FIX_STATE_FIXED);
	last_finding(t)->description = STR("\x1b[31m\xff\0end");
	add_package(t, "pkg\x7f\tname", "1.0\n2.0");
	t->packages.v[0].package.arch = STR("\xe2\x80\x8b\xef\xbb\xbf");
	t->packages.v[0].package.source = STR("\xed\xa0\x80");
	for (size_t i = 0; i < ARRAY_LEN(hostile_reasons); i++)
		add_unevaluated(t, "n", "v", hostile_reasons[i]);
}

static void fill_few(struct report_target *t)
{
	t->target = STR("a-target-with-a-rather-long-name-as-registries-have-them:latest");
	add_finding(t, "CVE-2024-1", SEVERITY_CRITICAL, "a", "1", "2", FIX_STATE_FIXED);
	add_finding(t, "CVE-2024-2", SEVERITY_LOW, "a", "1", "", FIX_STATE_AFFECTED);
	add_package(t, "a", "1");
}

/* A bare layer without a digest, and one that could not be read. */
static void fill_incomplete(struct report_target *t)
{
	t->target = STR("broken.tar");
	set_debian(t);
	vec_push(&t->layers, STR_NULL);
	vec_push(&t->layers, STR(APP_LAYER));
	add_finding(t, "CVE-2023-4911", SEVERITY_HIGH, "libc6", "2.36-9", "2.36-9+deb12u3",
		FIX_STATE_FIXED);
	add_package(t, "libc6", "2.36-9");
	t->packages.v[0].layer = STR_NULL;
	vec_push(&t->errors, (struct report_error){ .layer = STR(APP_LAYER),
				     .message = STR("gzip: truncated \x1b[31m") });
	vec_push(&t->errors, (struct report_error){ .message = STR("links lead to x") });
}

typedef void fill_fn(struct report_target *t);

static const struct {
	const char *name;
	fill_fn *targets[4]; /* NULL behind the last */
} samples[] = {
	{ "full", { fill_full } },
	{ "clean", { fill_clean } },
	{ "empty", { fill_empty } },
	{ "unknown", { fill_unknown } },
	{ "hostile", { fill_hostile } },
	{ "incomplete", { fill_incomplete } },
	{ "many", { fill_few, fill_unknown, fill_clean } },
	{ "none", { NULL } },
};

bool sample_init(struct report *r, struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		if (!str_eq(name, str_of(samples[i].name)))
			continue;
		*r = (struct report){ .targets = VEC_INIT };
		for (fill_fn *const *fill = samples[i].targets; *fill; fill++) {
			struct report_target t;

			report_target_init(&t);
			(*fill)(&t);
			report_sort(&t);
			vec_push(&r->targets, t);
		}
		return true;
	}
	return false;
}

void sample_fini(struct report *r)
{
	vec_for_each(t, &r->targets)
		report_target_fini(t);
	vec_fini(&r->targets);
}

const char *sample_name_at(size_t i)
{
	return i < ARRAY_LEN(samples) ? samples[i].name : NULL;
}
