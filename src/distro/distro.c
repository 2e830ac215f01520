/*
 * The table of release files, and the choice among what those of an image say. See distro.h.
 *
 * The order is fixed, most specific first. Two rules stand beside it:
 *
 * - The files that a derivative takes over from its parent (lsb-release, the sources of apt,
 *   debian_version) do not count when os-release names another distribution than they do: Raspbian
 *   has packages of its own in a suite "bookworm".
 * - A release whose version scheme is unknown gives way to one with a known scheme.
 *
 * That a redhat-release silences os-release needs no rule: it comes first, and both lead to the
 * same words. One that names no release silences nothing.
 */
#include "base/base.h"

#include "distro/distro_priv.h"

struct entry {
	const struct release_detector *detector;
	bool may_be_inherited;
};

static const struct entry detectors[] = {
	{ &release_redhat, false },
	{ &release_alpine, false },
	{ &release_lsb, true },
	{ &release_apt_sources, true },
	{ &release_os_release, false },
	{ &release_debian_version, true },
	{ &release_suse, false },
};

const struct release_detector *release_detector_at(size_t i)
{
	return i < ARRAY_LEN(detectors) ? detectors[i].detector : NULL;
}

const char *distro_release_path_at(size_t i)
{
	for (size_t d = 0; d < ARRAY_LEN(detectors); d++) {
		for (const char *const *p = detectors[d].detector->paths; *p; p++) {
			if (i-- == 0)
				return *p;
		}
	}
	return NULL;
}

bool distro_is_release_path(struct str path)
{
	const char *known;

	for (size_t i = 0; (known = distro_release_path_at(i)) != NULL; i++) {
		if (str_eq(path, str_of(known)))
			return true;
	}
	return false;
}

static bool has_path(const struct release_detector *d, struct str path)
{
	for (const char *const *p = d->paths; *p; p++) {
		if (str_eq(path, str_of(*p)))
			return true;
	}
	return false;
}

void distro_read_file(
	struct str path, struct str content, struct arena *a, struct release_file *out)
{
	*out = (struct release_file){ .path = arena_str(a, path) };
	if (content.n > LIMIT_RELEASE_FILE)
		return;
	for (size_t i = 0; i < ARRAY_LEN(detectors) && !out->found; i++) {
		const struct release_detector *d = detectors[i].detector;

		if (has_path(d, path))
			out->found = d->parse(path, content, a, &out->distro) > 0;
	}
}

/* What the first of a detector's paths that says something says, or NULL. */
static const struct distro *said_by(
	const struct release_detector *d, const struct release_file *files, size_t n)
{
	for (const char *const *p = d->paths; *p; p++) {
		for (size_t i = 0; i < n; i++) {
			if (files[i].found && str_eq(files[i].path, str_of(*p)))
				return &files[i].distro;
		}
	}
	return NULL;
}

/* The same when all of its paths that say something agree: the sources of apt may name several
 * releases. */
static const struct distro *agreed_by(
	const struct release_detector *d, const struct release_file *files, size_t n)
{
	const struct distro *first = said_by(d, files, n);

	for (size_t i = 0; first && i < n; i++) {
		if (files[i].found && has_path(d, files[i].path) &&
			!str_eq(files[i].distro.name_space, first->name_space))
			return NULL;
	}
	return first;
}

const struct distro *distro_choose(const struct release_file *files, size_t n)
{
	const struct distro *own = said_by(&release_os_release, files, n);
	const struct distro *best = NULL;

	for (size_t i = 0; i < ARRAY_LEN(detectors); i++) {
		const struct distro *d = detectors[i].detector == &release_apt_sources
						 ? agreed_by(detectors[i].detector, files, n)
						 : said_by(detectors[i].detector, files, n);

		if (!d || (detectors[i].may_be_inherited && own && !str_eq(own->id, d->id)))
			continue;
		if (d->scheme.n)
			return d;
		if (!best)
			best = d;
	}
	return best;
}
