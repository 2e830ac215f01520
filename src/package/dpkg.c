/*
 * dpkg's database of installed packages: var/lib/dpkg/status (deb822 stanzas, see deb-control(5)
 * and dpkg(1) for the states), and var/lib/dpkg/status.d/, where images without dpkg ("distroless")
 * keep one stanza a file, without a Status.
 *
 * What counts is whether files of the package may be on disk, by the third word of Status. That is
 * every state but not-installed and config-files: half-installed too, since dpkg stopped in the
 * middle of its files, and words unknown here, since a finding too many is looked at and one too
 * few is not. What is wanted (the first word) does not matter: a package marked for removal is
 * still there. Without a Status a package is installed, as status.d has it.
 *
 * A database whose last line has no end was cut off, and an error, so that no half of a version
 * passes for one; dpkg ends every line, and writes Source and the like in front of Version. Files
 * of status.d may lack the last newline: other programs write them.
 */
#include "base/base.h"

#include "codec/codec.h"
#include "package/package_priv.h"

/* The fields of interest of one stanza, views into the file. */
struct record {
	struct str name, status, version, arch, source, maintainer;
	size_t line; /* where the stanza began; 0: no field yet */
};

static const struct {
	struct str name;
	size_t offset;
} wanted_fields[] = {
	{ STR_INIT("Package"), offsetof(struct record, name) },
	{ STR_INIT("Status"), offsetof(struct record, status) },
	{ STR_INIT("Version"), offsetof(struct record, version) },
	{ STR_INIT("Architecture"), offsetof(struct record, arch) },
	{ STR_INIT("Source"), offsetof(struct record, source) },
	{ STR_INIT("Maintainer"), offsetof(struct record, maintainer) },
};

static void record_set(struct record *r, const struct stanza_field *f, size_t line)
{
	if (!r->line)
		r->line = line;
	for (size_t i = 0; i < ARRAY_LEN(wanted_fields); i++) {
		struct str *slot = (struct str *)((char *)r + wanted_fields[i].offset);

		if (!str_eq_nocase(f->name, wanted_fields[i].name))
			continue;
		/* dpkg refuses a field that comes twice; here the first one stands. */
		if (slot->n == 0)
			*slot = f->value;
		return;
	}
}

static bool is_installed(struct str status)
{
	struct str state = STR_NULL;

	for (int i = 0; i < 3; i++) {
		if (!str_next_word(&status, &state))
			return true;
	}
	return !str_eq_nocase(state, STR("not-installed")) &&
	       !str_eq_nocase(state, STR("config-files"));
}

/* As dpkg prints a version: with an epoch only when it says something. */
static struct str without_zero_epoch(struct str version)
{
	struct str epoch, rest;

	if (!str_cut(version, ':', &epoch, &rest) || epoch.n == 0 || rest.n == 0)
		return version;
	for (size_t i = 0; i < epoch.n; i++) {
		if (epoch.p[i] != '0')
			return version;
	}
	/* Without it, a colon in the upstream version would end an epoch. */
	return str_find_char(rest, ':') >= 0 ? version : rest;
}

/* "name (version)"; either may be missing, then it is the binary package's. */
static void split_source(struct record *r, struct str *version)
{
	struct str name, inside;

	*version = r->version;
	if (str_cut(r->source, '(', &name, &inside)) {
		(void)str_cut(inside, ')', &inside, NULL);
		inside = str_trim(inside);
		if (inside.n)
			*version = without_zero_epoch(inside);
	}
	r->source = str_trim(name);
	if (r->source.n == 0)
		r->source = r->name;
}

static int check_record(const struct record *r, struct str source_version, struct err *err)
{
	if (r->name.n == 0)
		return err_set(err, ERR_INPUT, "no package name");
	int code = package_check_field(r->name, "name", err);
	if (code == 0)
		code = package_check_field(r->version, "version", err);
	if (code == 0)
		code = package_check_field(r->arch, "architecture", err);
	if (code == 0)
		code = package_check_field(r->source, "source", err);
	if (code == 0)
		code = package_check_field(source_version, "source version", err);
	return code;
}

static struct package copy_record(struct arena *a, const struct record *r,
	struct str source_version, const struct package *before)
{
	struct package p = {
		.name = arena_str(a, r->name),
		.version = arena_str(a, r->version),
		.arch = package_copy_shared(a, r->arch, before->arch),
	};

	p.source = str_eq(r->source, r->name) ? p.name
					      : package_copy_shared(a, r->source, before->source);
	p.source_version = package_copy_shared(a, source_version, p.version);
	p.vendor = package_copy_vendor(a, r->maintainer, before->vendor);
	return p;
}

/* A stanza has ended: its package, when one is installed. */
static int finish_record(
	struct record *r, struct arena *a, struct package_list *out, size_t first, struct err *err)
{
	const struct package none = { .arch = STR_NULL };
	struct str source_version;

	if (!is_installed(r->status))
		return 0;
	r->version = without_zero_epoch(r->version);
	split_source(r, &source_version);
	int code = check_record(r, source_version, err);
	if (code < 0)
		return err_wrap(err, "stanza at line %zu", r->line);
	const struct package *before =
		out->items.n > first ? &out->items.v[out->items.n - 1] : &none;
	struct package p = copy_record(a, r, source_version, before);
	return package_list_add(out, first, &p, err);
}

static int parse_stanzas(
	struct str text, struct arena *a, struct package_list *out, struct err *err)
{
	struct stanza_reader reader;
	struct stanza_field field;
	struct record record = { .line = 0 };
	size_t first = out->items.n;
	int event;

	stanza_reader_init(&reader, text);
	while ((event = stanza_next(&reader, &field, err)) > 0) {
		if (event == STANZA_FIELD) {
			record_set(&record, &field, reader.line);
			continue;
		}
		int code = finish_record(&record, a, out, first, err);
		if (code < 0)
			return code;
		record = (struct record){ .line = 0 };
	}
	return event;
}

static int parse(const struct package_db_content *in, struct arena *a, struct package_list *out,
	struct err *err)
{
	if (parse_stanzas(str_from_span(in->main), a, out, err) < 0)
		return err_wrap(err, "%" PRIstr, STR_ARG(in->path));
	return 0;
}

static int parse_status(const struct package_db_content *in, struct arena *a,
	struct package_list *out, struct err *err)
{
	if (in->main.n && !str_ends(str_from_span(in->main), STR("\n")))
		return err_set(
			err, ERR_INPUT, "%" PRIstr ": the last line has no end", STR_ARG(in->path));
	return parse(in, a, out, err);
}

static const char *const status_paths[] = { "var/lib/dpkg/status", NULL };
static const char *const status_d_paths[] = { "var/lib/dpkg/status.d/", NULL };

const struct package_db_driver package_dpkg_status = {
	.name = "dpkg",
	.scheme = "dpkg",
	.paths = status_paths,
	.parse = parse_status,
};

const struct package_db_driver package_dpkg_status_d = {
	.name = "dpkg-status.d",
	.scheme = "dpkg",
	.paths = status_d_paths,
	.parse = parse,
};
