/*
 * os-release, the file by which nearly every distribution since 2012 names itself: os-release(5).
 *
 * A release in the making has no VERSION_ID. Debian's then has a code name, which testing and
 * unstable share; where even that is missing, PRETTY_NAME ends in "/sid".
 */
#include "base/base.h"

#include "distro/distro_priv.h"

struct variables {
	struct str id, id_like, name, pretty_name, version_id, version_codename, ubuntu_codename;
};

static const struct {
	struct str key;
	size_t offset;
} wanted_keys[] = {
	{ STR_INIT("ID"), offsetof(struct variables, id) },
	{ STR_INIT("ID_LIKE"), offsetof(struct variables, id_like) },
	{ STR_INIT("NAME"), offsetof(struct variables, name) },
	{ STR_INIT("PRETTY_NAME"), offsetof(struct variables, pretty_name) },
	{ STR_INIT("VERSION_ID"), offsetof(struct variables, version_id) },
	{ STR_INIT("VERSION_CODENAME"), offsetof(struct variables, version_codename) },
	{ STR_INIT("UBUNTU_CODENAME"), offsetof(struct variables, ubuntu_codename) },
};

static void read_variables(struct str content, struct arena *a, struct variables *v)
{
	struct str key, quoted;

	while (shell_vars_next(&content, &key, &quoted)) {
		for (size_t i = 0; i < ARRAY_LEN(wanted_keys); i++) {
			if (str_eq(key, wanted_keys[i].key))
				*(struct str *)((char *)v + wanted_keys[i].offset) =
					shell_vars_unquote(a, quoted);
		}
	}
}

static struct str version_without_number(const struct variables *v)
{
	if (str_eq_nocase(v->id, STR("ubuntu")))
		return v->version_codename.n ? v->version_codename : v->ubuntu_codename;
	if (!str_eq_nocase(v->id, STR("debian")))
		return STR_NULL;
	if (debian_release_of_codename(v->version_codename).n)
		return v->version_codename;
	return str_ends(v->pretty_name, STR("/sid")) ? STR("unstable") : STR_NULL;
}

/* Previews of the next minor release go by the id and number of the releases they lead to. */
static struct str edition(const struct variables *v)
{
	if (str_eq_nocase(v->id, STR("centos")) && str_eq_nocase(v->name, STR("CentOS Stream")))
		return STR("stream");
	if (str_eq_nocase(v->id, STR("almalinux")) &&
		str_eq_nocase(v->name, STR("AlmaLinux Kitten")))
		return STR("kitten");
	return STR_NULL;
}

static int parse(struct str path UNUSED, struct str content, struct arena *a, struct distro *out)
{
	struct variables v = { .id = STR_NULL };

	read_variables(content, a, &v);
	const struct release_claim claim = {
		.id = v.id,
		.version = v.version_id.n ? v.version_id : version_without_number(&v),
		.like = v.id_like,
		.name = v.pretty_name.n ? v.pretty_name : v.name,
		.edition = edition(&v),
	};
	return distro_describe(&claim, a, out);
}

static const char *const paths[] = { "etc/os-release", "usr/lib/os-release", NULL };

const struct release_detector release_os_release = {
	.name = "os-release",
	.paths = paths,
	.parse = parse,
};
