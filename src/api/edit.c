/*
 * Edits, see edit.h. A version is one of its scheme, or "None": there is no fix (which Clair keeps
 * as "#MAXV#"), or "#MINV#": the package is not affected.
 */
#include "api/edit.h"

#include "api/format.h"

enum version_kind { VERSION_FIXED, VERSION_UNFIXED, VERSION_NOT_AFFECTED };

static int read_version(const struct feature_body *f, const struct version_scheme *scheme,
	enum version_kind *out, struct err *err)
{
	if (str_eq(f->version, STR("None"))) {
		*out = VERSION_UNFIXED;
		return 0;
	}
	if (!scheme)
		return err_set(err, ERR_INPUT, "unknown version format");
	if (str_eq(f->version, STR("#MAXV#")))
		*out = VERSION_UNFIXED;
	else if (str_eq(f->version, STR("#MINV#")))
		*out = VERSION_NOT_AFFECTED;
	else if (version_is_valid(scheme, f->version))
		*out = VERSION_FIXED;
	else
		return err_set(err, ERR_INPUT, "invalid version");
	return 0;
}

static void add(struct fix_edit *edit, const struct feature_body *f, enum version_kind kind,
	enum severity severity)
{
	bool fixed = kind == VERSION_FIXED;

	if (kind == VERSION_NOT_AFFECTED) {
		edit->not_affected[edit->n_not_affected++] = f->name;
		return;
	}
	edit->fixes[edit->n_fixes++] = (struct advisory_fix){
		.package = f->name,
		.fixed_version = fixed ? f->version : STR_NULL,
		.state = fixed ? FIX_STATE_FIXED : FIX_STATE_AFFECTED,
		.severity = severity,
	};
}

static int note_scheme(struct fix_edit *edit, const struct version_scheme *scheme, struct err *err)
{
	struct str name = str_of(scheme->name);

	if (edit->scheme.n && !str_eq(edit->scheme, name))
		return err_set(
			err, ERR_INPUT, "FixedIn holds versions of more than one version format");
	edit->scheme = name;
	return 0;
}

int fix_edit_read(const struct feature_body *features, size_t n, struct str name_space,
	enum severity severity, struct arena *a, struct fix_edit *out, struct err *err)
{
	_cleanup_map_ struct map last = MAP_INIT;
	struct fix_edit edit = {
		.fixes = arena_alloc(a, (n + 1) * sizeof(*edit.fixes)),
		.not_affected = arena_alloc(a, (n + 1) * sizeof(*edit.not_affected)),
	};

	for (size_t i = 0; i < n; i++)
		map_set(&last, features[i].name, (void *)(uintptr_t)&features[i]);
	for (size_t i = 0; i < n; i++) {
		const struct feature_body *f = &features[i];
		const struct version_scheme *scheme = version_format_scheme(f->format, name_space);
		enum version_kind kind = VERSION_UNFIXED;
		int r = read_version(f, scheme, &kind, err);

		if (r < 0 || (scheme && (r = note_scheme(&edit, scheme, err)) < 0))
			return r;
		if (map_get(&last, f->name) == f)
			add(&edit, f, kind, severity);
	}
	*out = edit;
	return 0;
}

int fix_edit_check_names(
	const struct feature_body *features, size_t n, struct str name_space, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (features[i].name_space.n && !str_eq(features[i].name_space, name_space))
			return err_set(err, ERR_INPUT,
				"could not insert an invalid vulnerability that contains FixedIn "
				"FeatureVersion that are not in the same namespace as the "
				"Vulnerability");
	}
	for (size_t i = 0; i < n; i++) {
		if (features[i].name.n == 0)
			return err_set(err, ERR_INPUT, "could not find/insert invalid Feature");
	}
	return 0;
}
