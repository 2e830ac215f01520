#include "base/base.h"

#include "feed/format/rpm_words.h"
#include "feed/sink.h"

struct str rpm_without_epoch_0(struct str evr)
{
	if (!str_skip_prefix(&evr, STR("(none):")))
		(void)str_skip_prefix(&evr, STR("0:"));
	return evr;
}

struct str rpm_evr(struct arena *a, struct str epoch, struct str version, struct str release)
{
	if (epoch.n == 0 || str_eq(epoch, STR("0")) || str_eq(epoch, STR("(none)")))
		return arena_printf(a, "%" PRIstr "-%" PRIstr, STR_ARG(version), STR_ARG(release));
	return arena_printf(a, "%" PRIstr ":%" PRIstr "-%" PRIstr, STR_ARG(epoch), STR_ARG(version),
		STR_ARG(release));
}

struct str rpm_module_package(struct arena *a, struct str module, struct str name)
{
	if (module.n == 0)
		return arena_str(a, name);
	return arena_printf(a, "%" PRIstr "::%" PRIstr, STR_ARG(module), STR_ARG(name));
}

enum severity rpm_severity(struct str word)
{
	static const struct {
		struct str word;
		enum severity severity;
	} words[] = {
		{ STR_INIT("low"), SEVERITY_LOW },
		{ STR_INIT("moderate"), SEVERITY_MEDIUM },
		{ STR_INIT("medium"), SEVERITY_MEDIUM },
		{ STR_INIT("important"), SEVERITY_HIGH },
		{ STR_INIT("high"), SEVERITY_HIGH },
		{ STR_INIT("critical"), SEVERITY_CRITICAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq_nocase(words[i].word, word))
			return words[i].severity;
	}
	return SEVERITY_UNKNOWN;
}

/* Whether a list of words has this one. */
static bool has_word(struct str list, struct str word)
{
	struct str w;

	while (str_next_word(&list, &w)) {
		if (str_eq(w, word))
			return true;
	}
	return false;
}

void rpm_add_arch(struct str *arches, struct str arch, struct arena *a)
{
	if (!has_word(*arches, arch))
		*arches = arena_printf(a, "%" PRIstr "%s%" PRIstr, STR_ARG(*arches),
			arches->n ? " " : "", STR_ARG(arch));
}

struct str rpm_arches(struct str arches)
{
	return has_word(arches, STR("noarch")) ? STR_NULL : arches;
}
