/*
 * Prints a sample report: dump-report FORMAT SAMPLE [packages] [fixed] [color] [severities=N]
 * [width=N]. With no arguments, the names of the samples.
 */
#include "samples.h"

static bool set_option(struct report_options *o, struct str word)
{
	uint32_t n = 0;

	if (str_eq(word, STR("packages")))
		o->list_packages = true;
	else if (str_eq(word, STR("fixed")))
		o->only_fixed = true;
	else if (str_eq(word, STR("color")))
		o->color = true;
	else if (str_skip_prefix(&word, STR("severities=")) && parse_u32(word, &n))
		o->severities = n;
	else if (str_skip_prefix(&word, STR("width=")) && parse_u32(word, &n))
		o->width = n;
	else
		return false;
	return true;
}

static void list_samples(void)
{
	for (size_t i = 0; sample_name_at(i); i++)
		(void)puts(sample_name_at(i));
}

int main(int argc, char **argv)
{
	struct report_options o = { 0 };
	_cleanup_(sample_fini) struct report r = { .targets = VEC_INIT };
	_cleanup_buf_ struct buf out = BUF_INIT(GIB);

	if (argc == 1) {
		list_samples();
		return 0;
	}
	const struct report_format *format = report_format_by_name(str_of(argv[1]));
	if (!format || argc < 3 || !sample_init(&r, str_of(argv[2])))
		return 2;
	for (int i = 3; i < argc; i++) {
		if (!set_option(&o, str_of(argv[i])))
			return 2;
	}
	format->write(&r, &o, &out);
	return fwrite(out.p ? out.p : "", 1, out.n, stdout) == out.n ? 0 : 1;
}
