/*
 * What Debian and Ubuntu images tell about their release besides os-release: the sources of apt
 * (sources.list(5): one-line style and deb822 style) and etc/debian_version.
 *
 * The first source of the component "main" whose suite is a release's code name decides; this is
 * how an image of unstable, whose other files only speak of the next release, is known. Suites with
 * more to their names (bookworm-backports, bookworm-pgdg) are somebody's additions.
 */
#include "base/base.h"

#include "codec/codec.h"
#include "distro/distro_priv.h"

static bool claim_of_suite(struct str suite, struct release_claim *claim)
{
	if (debian_release_of_codename(suite).n)
		claim->id = STR("debian");
	else if (ubuntu_release_of_codename(suite).n)
		claim->id = STR("ubuntu");
	else
		return false;
	claim->version = suite;
	return true;
}

static bool has_word(struct str list, struct str wanted)
{
	struct str word;

	while (str_next_word(&list, &word)) {
		if (str_eq(word, wanted))
			return true;
	}
	return false;
}

/* The next word; white space between brackets (options, names of discs) does not end it. */
static bool next_source_word(struct str *rest, struct str *word)
{
	bool bracketed = false;
	size_t n = 0;

	*rest = str_trim(*rest);
	for (; n < rest->n && (bracketed || !ascii_is_space(rest->p[n])); n++) {
		if (rest->p[n] == '[')
			bracketed = true;
		else if (rest->p[n] == ']')
			bracketed = false;
	}
	*word = str_head(*rest, n);
	*rest = str_skip(*rest, n);
	return n > 0;
}

/* deb [options] uri suite component… */
static bool claim_of_line(struct str line, struct release_claim *claim)
{
	struct str type, uri, suite;

	(void)str_cut(line, '#', &line, NULL);
	if (!next_source_word(&line, &type) ||
		(!str_eq(type, STR("deb")) && !str_eq(type, STR("deb-src"))))
		return false;
	if (!next_source_word(&line, &uri))
		return false;
	if (uri.p[0] == '[' && !next_source_word(&line, &uri))
		return false;
	return next_source_word(&line, &suite) && has_word(line, STR("main")) &&
	       claim_of_suite(suite, claim);
}

static bool claim_of_list(struct str content, struct release_claim *claim)
{
	struct str line;

	while (str_next_line(&content, &line)) {
		if (claim_of_line(line, claim))
			return true;
	}
	return false;
}

struct source {
	struct str suites, components, enabled;
};

static bool claim_of_source(const struct source *s, struct release_claim *claim)
{
	struct str suites = s->suites, suite;

	if (str_eq_nocase(s->enabled, STR("no")) || !has_word(s->components, STR("main")))
		return false;
	while (str_next_word(&suites, &suite)) {
		if (claim_of_suite(suite, claim))
			return true;
	}
	return false;
}

static bool claim_of_stanzas(struct str content, struct release_claim *claim)
{
	struct stanza_reader reader;
	struct stanza_field field;
	struct source source = { .suites = STR_NULL };
	int event;

	stanza_reader_init(&reader, content);
	/* A negative event is a line that is no field: a comment, and no concern here. */
	while ((event = stanza_next(&reader, &field, NULL)) != STANZA_END) {
		if (event == STANZA_BREAK) {
			if (claim_of_source(&source, claim))
				return true;
			source = (struct source){ .suites = STR_NULL };
		} else if (event == STANZA_FIELD && str_eq_nocase(field.name, STR("Suites"))) {
			source.suites = field.value;
		} else if (event == STANZA_FIELD && str_eq_nocase(field.name, STR("Components"))) {
			source.components = field.value;
		} else if (event == STANZA_FIELD && str_eq_nocase(field.name, STR("Enabled"))) {
			source.enabled = field.value;
		}
	}
	return false;
}

static int parse_apt_sources(
	struct str path, struct str content, struct arena *a, struct distro *out)
{
	struct release_claim claim = { .id = STR_NULL };
	bool found = str_ends(path, STR(".sources")) ? claim_of_stanzas(content, &claim)
						     : claim_of_list(content, &claim);

	return found ? distro_describe(&claim, a, out) : 0;
}

/* "12.5", "4.0r9", or "trixie/sid" on testing and unstable alike. */
static int parse_debian_version(
	struct str path UNUSED, struct str content, struct arena *a, struct distro *out)
{
	struct release_claim claim = { .id = STR("debian") };
	struct str line;

	if (!str_next_line(&content, &line))
		return 0;
	line = str_head(str_trim(line), LIMIT_RELEASE_WORD);
	claim.version = str_ends(line, STR("/sid")) ? STR("unstable") : line;
	claim.name = arena_printf(a, "Debian GNU/Linux %" PRIstr, STR_ARG(line));
	return distro_describe(&claim, a, out);
}

static const char *const apt_paths[] = { "etc/apt/sources.list",
	"etc/apt/sources.list.d/debian.sources", "etc/apt/sources.list.d/ubuntu.sources", NULL };
static const char *const debian_version_paths[] = { "etc/debian_version", NULL };

const struct release_detector release_apt_sources = {
	.name = "apt-sources",
	.paths = apt_paths,
	.parse = parse_apt_sources,
};

const struct release_detector release_debian_version = {
	.name = "debian-version",
	.paths = debian_version_paths,
	.parse = parse_debian_version,
};
