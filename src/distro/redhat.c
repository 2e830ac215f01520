/*
 * The release files of Red Hat's family, one line in each: "Rocky Linux release 9.3 (Blue Onyx)".
 * The rebuilds keep an etc/redhat-release for compatibility, often a link to their own file;
 * Oracle's says that it is Red Hat Enterprise Linux. So the files with the maker's name come first.
 */
#include "base/base.h"

#include "distro/distro_priv.h"

struct product {
	struct str name; /* in front of "release" */
	struct str id;
	struct str edition;
	bool has_variants; /* more words may follow the name ("Server", "Atomic Host") */
};

/* The longer name first where one begins another. */
static const struct product products[] = {
	{ STR_INIT("AlmaLinux"), STR_INIT("almalinux"), STR_INIT(""), false },
	{ STR_INIT("AlmaLinux Kitten"), STR_INIT("almalinux"), STR_INIT("kitten"), false },
	{ STR_INIT("Amazon Linux"), STR_INIT("amzn"), STR_INIT(""), true },
	{ STR_INIT("Anolis OS"), STR_INIT("anolis"), STR_INIT(""), false },
	{ STR_INIT("CentOS Stream"), STR_INIT("centos"), STR_INIT("stream"), false },
	{ STR_INIT("CloudLinux Server"), STR_INIT("cloudlinux"), STR_INIT(""), false },
	{ STR_INIT("Enterprise Linux Enterprise Linux"), STR_INIT("ol"), STR_INIT(""), true },
	{ STR_INIT("Fedora Core"), STR_INIT("fedora"), STR_INIT(""), false },
	{ STR_INIT("MIRACLE LINUX"), STR_INIT("miraclelinux"), STR_INIT(""), false },
	{ STR_INIT("Oracle Linux"), STR_INIT("ol"), STR_INIT(""), true },
	{ STR_INIT("Red Hat Enterprise Linux CoreOS"), STR_INIT("rhcos"), STR_INIT(""), true },
	{ STR_INIT("Red Hat Enterprise Linux"), STR_INIT("rhel"), STR_INIT(""), true },
};

static bool is_product(const struct product *p, struct str name)
{
	struct str head = str_head(name, p->name.n);

	if (!str_eq_nocase(head, p->name))
		return false;
	return name.n == head.n || (p->has_variants && name.p[head.n] == ' ');
}

/* "X" or "X Linux" of one word: its id, most likely; else empty. */
static struct str id_of_unknown(struct str name)
{
	struct str first, second;

	if (!str_next_word(&name, &first))
		return STR_NULL;
	if (!str_next_word(&name, &second))
		return first;
	bool more = str_trim(name).n > 0;
	return !more && str_eq_nocase(second, STR("Linux")) ? first : STR_NULL;
}

static void name_product(struct str name, struct release_claim *claim)
{
	for (size_t i = 0; i < ARRAY_LEN(products); i++) {
		if (is_product(&products[i], name)) {
			claim->id = products[i].id;
			claim->edition = products[i].edition;
			return;
		}
	}
	claim->id = id_of_unknown(name);
}

/* Digits with single dots between them. */
static struct str leading_number(struct str s)
{
	size_t n = 0;

	while (n < s.n && (ascii_is_digit(s.p[n]) || (n && s.p[n] == '.' && s.p[n - 1] != '.')))
		n++;
	while (n && s.p[n - 1] == '.')
		n--;
	return str_head(s, n);
}

static int parse_line(struct str line, struct arena *a, struct distro *out)
{
	/* Whatever it is, its packages are rpm's. */
	struct release_claim claim = { .name = line, .like = STR("fedora") };
	ptrdiff_t at = str_find(line, STR(" release "));

	if (at < 0)
		return 0;
	name_product(str_trim(str_head(line, (size_t)at)), &claim);
	claim.version =
		leading_number(str_trim(str_skip(line, (size_t)at + sizeof(" release ") - 1)));
	return claim.version.n ? distro_describe(&claim, a, out) : 0;
}

static int parse(struct str path UNUSED, struct str content, struct arena *a, struct distro *out)
{
	struct str line;

	while (str_next_line(&content, &line)) {
		if (parse_line(str_trim(line), a, out))
			return 1;
	}
	return 0;
}

/*
 * The makers' own files before those that are there for compatibility. Many are links to one
 * another, from etc to usr/lib: all that such links lead to are here, so that one reading of the
 * layers finds the file itself.
 */
static const char *const paths[] = { "etc/oracle-release", "usr/lib/oracle-release",
	"etc/enterprise-release", "etc/centos-release", "usr/lib/centos-release",
	"etc/rocky-release", "usr/lib/rocky-release", "etc/almalinux-release",
	"usr/lib/almalinux-release", "etc/fedora-release", "usr/lib/fedora-release",
	"etc/amazon-linux-release", "usr/lib/amazon-linux-release", "etc/anolis-release",
	"etc/cloudlinux-release", "etc/eurolinux-release", "etc/miraclelinux-release",
	"etc/openEuler-release", "etc/sl-release", "etc/virtuozzo-release", "etc/redhat-release",
	"usr/lib/redhat-release", "etc/system-release", "usr/lib/system-release", NULL };

const struct release_detector release_redhat = {
	.name = "redhat-release",
	.paths = paths,
	.parse = parse,
};
