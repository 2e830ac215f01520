/*
 * From what a release file states to a release: lowers and checks its words, finds the version
 * scheme, and makes the namespace, the word under which advisories of the release are kept. All
 * detectors come through here, so that two files of one image cannot disagree on the form.
 *
 * A namespace has the precision by which the distribution's own security data are told apart
 * ("debian:12", "sles:15.5", "alpine:v3.19"); a distribution that only rolls has "<id>:rolling",
 * whatever date it gives as version. Distributions not listed have their version as it stands, and
 * the scheme of the first listed one in ID_LIKE; never its namespace: a derivative's packages are
 * not what the advisories of its parent speak of.
 */
#include "base/base.h"

#include "distro/distro_priv.h"

enum precision {
	PRECISION_WHOLE, /* as stated; rolling when nothing is */
	PRECISION_MAJOR,
	PRECISION_MINOR, /* major.minor */
	PRECISION_ROLLING,
	PRECISION_ALPINE,
	PRECISION_AMAZON,
	PRECISION_DEBIAN,
	PRECISION_UBUNTU,
};

struct family {
	struct str id;         /* as os-release's ID */
	struct str scheme;     /* of its packages; empty: none that is known here */
	struct str name_space; /* in front of the colon */
	enum precision precision;
};

#define FAMILY(id, scheme, precision)                                               \
	{                                                                           \
		STR_INIT(id), STR_INIT(scheme), STR_INIT(id), PRECISION_##precision \
	}
#define FAMILY_AS(id, name_space, scheme, precision)                                        \
	{                                                                                   \
		STR_INIT(id), STR_INIT(scheme), STR_INIT(name_space), PRECISION_##precision \
	}

static const struct family families[] = {
	FAMILY("alpine", "apk", ALPINE),
	FAMILY("chainguard", "apk", ROLLING),
	FAMILY("wolfi", "apk", ROLLING),

	FAMILY("debian", "dpkg", DEBIAN),
	FAMILY("ubuntu", "dpkg", UBUNTU),
	FAMILY("devuan", "dpkg", WHOLE),
	FAMILY("kali", "dpkg", ROLLING),
	FAMILY("linuxmint", "dpkg", WHOLE),
	FAMILY("neon", "dpkg", WHOLE),
	FAMILY("pop", "dpkg", WHOLE),
	FAMILY("raspbian", "dpkg", WHOLE),
	FAMILY("vyos", "dpkg", WHOLE),

	/* Red Hat's releases have kept the name of CentOS since their advisories served both. */
	FAMILY_AS("rhel", "centos", "rpm", MAJOR),
	FAMILY("centos", "rpm", MAJOR),
	FAMILY_AS("ol", "oracle", "rpm", MAJOR),
	FAMILY("almalinux", "rpm", MAJOR),
	FAMILY("rocky", "rpm", MAJOR),
	FAMILY("cloudlinux", "rpm", MAJOR),
	FAMILY("eurolinux", "rpm", MAJOR),
	FAMILY("miraclelinux", "rpm", MAJOR),
	FAMILY("scientific", "rpm", MAJOR),
	FAMILY("virtuozzo", "rpm", MAJOR),
	FAMILY("rhcos", "rpm", MINOR),
	FAMILY("hummingbird", "rpm", ROLLING),
	FAMILY("amzn", "rpm", AMAZON),
	FAMILY("fedora", "rpm", MAJOR),
	FAMILY("azurelinux", "rpm", MINOR),
	FAMILY("mariner", "rpm", MINOR),
	FAMILY("photon", "rpm", MINOR),
	FAMILY("anolis", "rpm", WHOLE),
	FAMILY("mageia", "rpm", MAJOR),
	FAMILY("openeuler", "rpm", WHOLE),
	FAMILY("opensuse", "rpm", MINOR),
	FAMILY("opensuse-leap", "rpm", MINOR),
	FAMILY("opensuse-microos", "rpm", ROLLING),
	FAMILY("opensuse-slowroll", "rpm", ROLLING),
	FAMILY("opensuse-tumbleweed", "rpm", ROLLING),
	FAMILY("sl-micro", "rpm", MINOR),
	FAMILY("sle-micro", "rpm", MINOR),
	FAMILY("sle_hpc", "rpm", MINOR),
	FAMILY("sled", "rpm", MINOR),
	FAMILY("sles", "rpm", MINOR),
	FAMILY("sles_sap", "rpm", MINOR),
	FAMILY("suse", "rpm", MINOR), /* stands in ID_LIKE only */

	FAMILY("arch", "", ROLLING),
	FAMILY("gentoo", "", ROLLING),
};

static const struct family *find_family(struct str id)
{
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		if (str_eq_nocase(families[i].id, id))
			return &families[i];
	}
	return NULL;
}

static struct str scheme_by_relation(struct str like)
{
	struct str word;

	while (str_next_word(&like, &word)) {
		const struct family *f = find_family(word);

		if (f && f->scheme.n)
			return f->scheme;
	}
	return STR_NULL;
}

/*
 * Copies a word lowered; false, when it holds what an id or version has no use for. These words go
 * into terminals, queries and file names, and come from hostile images.
 */
static bool copy_word(struct arena *a, struct str word, struct str *out)
{
	if (word.n > LIMIT_RELEASE_WORD)
		return false;
	char *copy = arena_cstr(a, word);

	for (size_t i = 0; i < word.n; i++) {
		char c = ascii_to_lower(copy[i]);

		if (!ascii_is_lower(c) && !ascii_is_digit(c) &&
			(i == 0 || (c != '.' && c != '_' && c != '-')))
			return false;
		copy[i] = c;
	}
	*out = str_n(copy, word.n);
	return true;
}

struct str distro_leading_digits(struct str s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	return str_head(s, n);
}

/* "9" of "9.3"; "9.3" of "9.3.1" with minor. Empty when it does not start so. */
static struct str release_number(struct str version, bool minor)
{
	struct str major = distro_leading_digits(version);
	struct str behind = str_skip(version, major.n);

	if (!minor || major.n == 0 || !str_skip_prefix(&behind, STR(".")))
		return major;
	size_t digits = distro_leading_digits(behind).n;
	return digits ? str_head(version, major.n + 1 + digits) : major;
}

/* Edge calls itself the next release's alpha. */
static struct str alpine_release(struct str version, struct arena *a)
{
	if (str_eq(version, STR("edge")) || str_find(version, STR("_alpha")) >= 0)
		return STR("edge");
	struct str number = release_number(version, true);

	if (str_find_char(number, '.') < 0)
		return STR_NULL;
	return arena_printf(a, "v%" PRIstr, STR_ARG(number));
}

/* The first Amazon Linux has a year and month, those since a number or the year alone. */
static struct str amazon_release(struct str version)
{
	struct str year = release_number(version, false);

	return release_number(version,
		year.n == 4 && str_cmp(year, STR("2010")) > 0 && str_cmp(year, STR("2018")) <= 0);
}

/* Up to sarge (3.1) the minor number made the release, since etch it counts the updates. */
static struct str debian_release(struct str version)
{
	struct str major = release_number(version, false);

	if (major.n == 0)
		return debian_release_of_codename(version);
	return release_number(version, major.n == 1 && major.p[0] < '4');
}

static struct str ubuntu_release(struct str version)
{
	struct str number = release_number(version, true);

	if (number.n == 0)
		return ubuntu_release_of_codename(version);
	return str_find_char(number, '.') < 0 ? STR_NULL : number;
}

/* What stands behind the colon of the namespace; empty when the version does not tell. */
static struct str release_of(enum precision precision, struct str version, struct arena *a)
{
	switch (precision) {
	case PRECISION_ROLLING:
		return STR("rolling");
	case PRECISION_MAJOR:
		return release_number(version, false);
	case PRECISION_MINOR:
		return release_number(version, true);
	case PRECISION_ALPINE:
		return alpine_release(version, a);
	case PRECISION_AMAZON:
		return amazon_release(version);
	case PRECISION_DEBIAN:
		return debian_release(version);
	case PRECISION_UBUNTU:
		return ubuntu_release(version);
	case PRECISION_WHOLE:
	default:
		return version.n ? version : STR("rolling");
	}
}

/* Bytes that a terminal would obey: C0, DEL, and C1 as UTF-8 has them (0xC2, 0x80 to 0x9F). */
static bool is_control(const char *p, size_t left)
{
	unsigned char c = (unsigned char)p[0];

	return c < ' ' || c == 0x7f ||
	       (c == 0xc2 && left > 1 && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] < 0xa0);
}

static struct str copy_name(struct arena *a, struct str name)
{
	name = str_head(str_trim(name), LIMIT_RELEASE_NAME);
	char *copy = arena_cstr(a, name);

	for (size_t i = 0; i < name.n; i++) {
		if (!is_control(copy + i, name.n - i))
			continue;
		if ((unsigned char)copy[i] == 0xc2)
			copy[i + 1] = '?';
		copy[i] = '?';
	}
	return str_n(copy, name.n);
}

int distro_describe(const struct release_claim *claim, struct arena *a, struct distro *out)
{
	struct str id, version;

	if (claim->id.n == 0 || !copy_word(a, claim->id, &id) ||
		!copy_word(a, claim->version, &version))
		return 0;
	const struct family *f = find_family(id);
	struct str release = release_of(f ? f->precision : PRECISION_WHOLE, version, a);

	/* Longer than a version may be with what is put in front of it ("v"). */
	if (release.n == 0 || release.n > LIMIT_RELEASE_WORD)
		return 0;
	/* Code names and point releases are words for the same release. */
	if (f && (f->precision == PRECISION_DEBIAN || f->precision == PRECISION_UBUNTU))
		version = arena_str(a, release);
	*out = (struct distro){
		.id = id,
		.version = version,
		.name_space = arena_printf(a, "%" PRIstr "%s%" PRIstr ":%" PRIstr,
			STR_ARG(f ? f->name_space : id), claim->edition.n ? "-" : "",
			STR_ARG(claim->edition), STR_ARG(release)),
		.name = copy_name(a, claim->name),
		.scheme = arena_str(a, f ? f->scheme : scheme_by_relation(claim->like)),
	};
	return 1;
}
