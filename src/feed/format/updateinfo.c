#include "base/base.h"

#include "codec/codec.h"
#include "feed/format/rpm_words.h"
#include "feed/format/updateinfo.h"
#include "feed/sink.h"
#include "version/version.h"

struct updateinfo_reader {
	struct xml_reader *xml;
	bool begun;
	/* The update at hand. */
	struct arena *arena;
	size_t arena_at_start;
	struct updateinfo_update *update;
	struct str module; /* "name:stream" of the collection at hand */
	struct str_vec cves;
	VEC_OF(struct updateinfo_package) packages;
};

struct updateinfo_reader *updateinfo_new(struct stream *in)
{
	struct updateinfo_reader *r = xcalloc(1, sizeof(*r));

	r->xml = xml_reader_new(in);
	return r;
}

void updateinfo_free(struct updateinfo_reader *r)
{
	if (!r)
		return;
	xml_reader_free(r->xml);
	vec_fini(&r->cves);
	vec_fini(&r->packages);
	free(r);
}

/* The first problem is the one to tell. */
static void set_problem(struct updateinfo_reader *r, const char *problem)
{
	if (!r->update->problem)
		r->update->problem = problem;
}

/* Whether there is room for n bytes more of this update, whose memory is bounded. */
static bool has_room(struct updateinfo_reader *r, size_t n)
{
	size_t used = r->arena->used_bytes - r->arena_at_start +
		      r->packages.n * sizeof(*r->packages.v) + r->cves.n * sizeof(*r->cves.v);

	if (used + n <= LIMIT_ADVISORY_RECORD)
		return true;
	set_problem(r, "it is too large");
	return false;
}

static struct str keep(struct updateinfo_reader *r, struct str text)
{
	return has_room(r, text.n) ? arena_str(r->arena, text) : STR_NULL;
}

static void add_cve(struct updateinfo_reader *r, struct str name)
{
	name = str_trim(name);
	if (!str_starts(name, STR("CVE-")) || !feed_is_word(name))
		return;
	vec_for_each(cve, &r->cves) {
		if (str_eq(*cve, name))
			return;
	}
	if (has_room(r, name.n + sizeof(name)))
		vec_push(&r->cves, arena_str(r->arena, name));
}

static int read_references(struct updateinfo_reader *r, struct err *err)
{
	struct xml_event e;
	int more;

	while ((more = xml_next_child(r->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("reference")))
			add_cve(r, xml_attr(&e, STR("id")));
		more = xml_skip(r->xml, err);
		if (more < 0)
			return more;
	}
	return more;
}

static void add_package(struct updateinfo_reader *r, const struct xml_event *e)
{
	struct str name = xml_attr(e, STR("name")), version = xml_attr(e, STR("version"));
	struct str release = xml_attr(e, STR("release")), arch = xml_attr(e, STR("arch"));

	if (!feed_is_word(name) || !feed_is_word(version) || !feed_is_word(release) ||
		!feed_is_word(arch)) {
		set_problem(r, "a package without name, version, release or arch");
		return;
	}
	if (!has_room(r, r->module.n + name.n + version.n + release.n + arch.n + 200))
		return;
	vec_push(&r->packages,
		(struct updateinfo_package){ .name = rpm_module_package(r->arena, r->module, name),
			.version = rpm_evr(r->arena, xml_attr(e, STR("epoch")), version, release),
			.arch = arena_str(r->arena, arch) });
}

static void set_module(struct updateinfo_reader *r, const struct xml_event *e)
{
	struct str name = xml_attr(e, STR("name")), stream = xml_attr(e, STR("stream"));

	if (!feed_is_word(name) || !feed_is_word(stream))
		set_problem(r, "a module without name or stream");
	else if (has_room(r, name.n + stream.n + 2))
		r->module = arena_printf(
			r->arena, "%" PRIstr ":%" PRIstr, STR_ARG(name), STR_ARG(stream));
}

static int read_collection(struct updateinfo_reader *r, struct err *err)
{
	struct xml_event e;
	int more;

	r->module = STR_NULL;
	while ((more = xml_next_child(r->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("package")))
			add_package(r, &e);
		else if (str_eq(e.name, STR("module")))
			set_module(r, &e);
		more = xml_skip(r->xml, err);
		if (more < 0)
			return more;
	}
	return more;
}

static int read_pkglist(struct updateinfo_reader *r, struct err *err)
{
	struct xml_event e;
	int more;

	while ((more = xml_next_child(r->xml, &e, err)) > 0) {
		more = str_eq(e.name, STR("collection")) ? read_collection(r, err)
							 : xml_skip(r->xml, err);
		if (more < 0)
			return more;
	}
	return more;
}

static int read_text(struct updateinfo_reader *r, struct str *out, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str text;
	int e = xml_read_str(r->xml, &a, &text, err);

	if (e == 0)
		*out = keep(r, feed_cut_text(text));
	return e;
}

/* One child of the update, whose begin was read. */
static int read_member(struct updateinfo_reader *r, struct str name, struct err *err)
{
	struct updateinfo_update *u = r->update;

	if (str_eq(name, STR("id")))
		return read_text(r, &u->id, err);
	if (str_eq(name, STR("release")))
		return read_text(r, &u->release, err);
	if (str_eq(name, STR("severity")))
		return read_text(r, &u->severity, err);
	if (str_eq(name, STR("description")))
		return read_text(r, &u->description, err);
	if (str_eq(name, STR("references")))
		return read_references(r, err);
	if (str_eq(name, STR("pkglist")))
		return read_pkglist(r, err);
	return xml_skip(r->xml, err);
}

static int read_update(struct updateinfo_reader *r, struct err *err)
{
	struct xml_event e;
	int more;

	while ((more = xml_next_child(r->xml, &e, err)) > 0) {
		more = read_member(r, e.name, err);
		if (more < 0)
			return more;
	}
	return more;
}

static void finish_update(struct updateinfo_reader *r)
{
	struct updateinfo_update *u = r->update;

	if (!feed_is_word(u->id))
		set_problem(r, "no id, or a malformed one");
	u->cves = r->cves.v;
	u->n_cves = r->cves.n;
	u->packages = r->packages.v;
	u->n_packages = r->packages.n;
}

/* The lists of the reader are copied to where the rest of the update is. */
static void copy_lists(struct updateinfo_reader *r)
{
	struct updateinfo_update *u = r->update;
	struct str *cves = arena_alloc(r->arena, (u->n_cves + 1) * sizeof(*cves));
	struct updateinfo_package *packages =
		arena_alloc(r->arena, (u->n_packages + 1) * sizeof(*packages));

	for (size_t i = 0; i < u->n_cves; i++)
		cves[i] = u->cves[i];
	for (size_t i = 0; i < u->n_packages; i++)
		packages[i] = u->packages[i];
	u->cves = cves;
	u->packages = packages;
}

/* The begin of the next update: 1, or 0 when the document ended well. */
static int next_begin(struct updateinfo_reader *r, struct xml_event *e, struct err *err)
{
	int more = r->begun ? 0 : xml_enter_root(r->xml, STR("updates"), e, err);

	r->begun = true;
	while (more >= 0 && (more = xml_next_child(r->xml, e, err)) > 0) {
		if (str_eq(e->name, STR("update")))
			return 1;
		more = xml_skip(r->xml, err);
	}
	return more < 0 ? more : xml_end(r->xml, err);
}

int updateinfo_next(struct updateinfo_reader *r, struct arena *a, struct updateinfo_update *out,
	struct err *err)
{
	struct xml_event e;

	*out = (struct updateinfo_update){ .problem = NULL };
	r->arena = a;
	r->arena_at_start = a->used_bytes;
	r->update = out;
	vec_clear(&r->cves);
	vec_clear(&r->packages);
	int more = next_begin(r, &e, err);
	if (more <= 0)
		return more;
	out->type = keep(r, xml_attr(&e, STR("type")));
	more = read_update(r, err);
	if (more < 0)
		return more;
	finish_update(r);
	copy_lists(r);
	return 1;
}

static bool is_later(struct str a, struct str b)
{
	const struct version_scheme *rpm = version_scheme_by_name(STR("rpm"));

	return version_is_valid(rpm, a) && version_is_valid(rpm, b) && rpm->compare(a, b) > 0;
}

size_t updateinfo_fixes(
	const struct updateinfo_update *u, struct arena *a, struct advisory_fix **out)
{
	_cleanup_map_ struct map by_name = MAP_INIT;
	size_t n = 0;

	*out = arena_alloc(a, (u->n_packages + 1) * sizeof(**out));
	for (size_t i = 0; i < u->n_packages; i++) {
		const struct updateinfo_package *p = &u->packages[i];
		struct advisory_fix *fix = map_get(&by_name, p->name);

		if (str_eq(p->arch, STR("src")) || str_eq(p->arch, STR("nosrc")))
			continue;
		if (!fix) {
			fix = &(*out)[n++];
			*fix = (struct advisory_fix){ .package = p->name,
				.fixed_version = p->version,
				.state = FIX_STATE_FIXED,
				.severity = rpm_severity(u->severity) };
			map_set(&by_name, p->name, fix);
		}
		if (is_later(p->version, fix->fixed_version))
			fix->fixed_version = p->version;
		rpm_add_arch(&fix->arches, p->arch, a);
	}
	for (size_t i = 0; i < n; i++)
		(*out)[i].arches = rpm_arches((*out)[i].arches);
	return n;
}
