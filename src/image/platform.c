/*
 * Platforms, as the OCI image index names them (image-index.md) and Go does (GOOS, GOARCH).
 */
#include "image/image_priv.h"

#include <sys/utsname.h>

int platform_parse(struct str text, struct platform *out, struct err *err)
{
	struct platform p = { .os = STR("linux") };
	struct str rest;

	if (str_cut(text, '/', &p.os, &rest))
		(void)str_cut(rest, '/', &p.architecture, &p.variant);
	else
		p = (struct platform){ .os = STR("linux"), .architecture = text };
	if (p.os.n == 0 || p.architecture.n == 0 || str_find_char(p.variant, '/') >= 0)
		return err_set(err, ERR_USAGE,
			"\"%" PRIstr "\" is no platform; one looks like linux/arm64/v8",
			STR_ARG(text));
	*out = p;
	return 0;
}

struct platform platform_host(void)
{
	static const struct {
		const char *machine;
		struct platform platform;
	} known[] = {
		{ "x86_64", { .architecture = STR_INIT("amd64") } },
		{ "aarch64", { .architecture = STR_INIT("arm64") } },
		{ "armv7l", { .architecture = STR_INIT("arm"), .variant = STR_INIT("v7") } },
		{ "armv6l", { .architecture = STR_INIT("arm"), .variant = STR_INIT("v6") } },
		{ "i686", { .architecture = STR_INIT("386") } },
		{ "ppc64le", { .architecture = STR_INIT("ppc64le") } },
		{ "s390x", { .architecture = STR_INIT("s390x") } },
		{ "riscv64", { .architecture = STR_INIT("riscv64") } },
		{ "loongarch64", { .architecture = STR_INIT("loong64") } },
	};
	struct utsname name;
	struct platform p = { .architecture = STR("amd64") };

	if (uname(&name) == 0) {
		for (size_t i = 0; i < ARRAY_LEN(known); i++) {
			if (strcmp(known[i].machine, name.machine) == 0)
				p = known[i].platform;
		}
	}
	p.os = STR("linux");
	return p;
}

static bool part_matches(struct str want, struct str have)
{
	return want.n == 0 || have.n == 0 || str_eq(want, have);
}

bool platform_matches(const struct platform *want, const struct platform *have)
{
	return part_matches(want->os, have->os) &&
	       part_matches(want->architecture, have->architecture) &&
	       part_matches(want->variant, have->variant);
}
