/*
 * apk's database of installed packages, lib/apk/db/installed (usr/lib/apk/db/installed on merged
 * systems): a record a package, ended by a blank line, each line a letter, a colon and a value. P
 * name, V version, A architecture, o origin (the source package, whose version is the package's
 * own), m maintainer. The other letters, among them one line or more for each installed file, are
 * passed over. apk-tools 2 and 3 write the same; reference: src/database.c of apk-tools.
 *
 * The blank line behind the last record may be missing, but not the end of its last line: then the
 * database was cut off, and no half of a version passes for one.
 */
#include "base/base.h"

#include "package/package_priv.h"

/* The fields of interest of one record, views into the file. */
struct record {
	struct str name, version, arch, origin, maintainer;
	size_t line; /* where the record began; 0: no line yet */
};

static void record_set(struct record *r, char letter, struct str value)
{
	switch (letter) {
	case 'P':
		r->name = value;
		break;
	case 'V':
		r->version = value;
		break;
	case 'A':
		r->arch = value;
		break;
	case 'o':
		r->origin = value;
		break;
	case 'm':
		r->maintainer = value;
		break;
	default:
		break;
	}
}

static int check_record(const struct record *r, struct err *err)
{
	if (r->name.n == 0)
		return err_set(err, ERR_INPUT, "no package name");
	int code = package_check_field(r->name, "name", err);
	if (code == 0)
		code = package_check_field(r->version, "version", err);
	if (code == 0)
		code = package_check_field(r->arch, "architecture", err);
	if (code == 0)
		code = package_check_field(r->origin, "origin", err);
	return code;
}

static struct package copy_record(
	struct arena *a, const struct record *r, const struct package *before)
{
	struct package p = {
		.name = arena_str(a, r->name),
		.version = package_copy_shared(a, r->version, before->version),
		.arch = package_copy_shared(a, r->arch, before->arch),
		.vendor = package_copy_vendor(a, r->maintainer, before->vendor),
	};

	p.source = r->origin.n == 0 || str_eq(r->origin, r->name)
			   ? p.name
			   : package_copy_shared(a, r->origin, before->source);
	p.source_version = p.version;
	return p;
}

static int finish_record(const struct record *r, struct arena *a, struct package_list *out,
	size_t first, struct err *err)
{
	const struct package none = { .arch = STR_NULL };

	if (check_record(r, err) < 0)
		return err_wrap(err, "record at line %zu", r->line);
	const struct package *before =
		out->items.n > first ? &out->items.v[out->items.n - 1] : &none;
	struct package p = copy_record(a, r, before);
	return package_list_add(out, first, &p, err);
}

static int parse_records(
	struct str text, struct arena *a, struct package_list *out, struct err *err)
{
	struct record record = { .line = 0 };
	size_t first = out->items.n;
	size_t line_number = 0;
	struct str line;
	int code = 0;

	while (code == 0 && str_next_line(&text, &line)) {
		line_number++;
		if (line.n == 0) {
			if (record.line)
				code = finish_record(&record, a, out, first, err);
			record = (struct record){ .line = 0 };
			continue;
		}
		if (line.n < 2 || line.p[1] != ':')
			return err_set(
				err, ERR_INPUT, "line %zu: no letter and colon", line_number);
		if (!record.line)
			record.line = line_number;
		record_set(&record, line.p[0], str_skip(line, 2));
	}
	if (code == 0 && record.line)
		code = finish_record(&record, a, out, first, err);
	return code;
}

static int parse(const struct package_db_content *in, struct arena *a, struct package_list *out,
	struct err *err)
{
	if (in->main.n && !str_ends(str_from_span(in->main), STR("\n")))
		return err_set(
			err, ERR_INPUT, "%" PRIstr ": the last line has no end", STR_ARG(in->path));
	if (parse_records(str_from_span(in->main), a, out, err) < 0)
		return err_wrap(err, "%" PRIstr, STR_ARG(in->path));
	return 0;
}

static const char *const paths[] = { "lib/apk/db/installed", "usr/lib/apk/db/installed", NULL };

const struct package_db_driver package_apk = {
	.name = "apk",
	.scheme = "apk",
	.paths = paths,
	.parse = parse,
};
