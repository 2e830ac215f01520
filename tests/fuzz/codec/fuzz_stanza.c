/*
 * Control stanzas: what comes out lies in the input, in order, and every byte is passed once.
 */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct stanza_reader r;
	struct stanza_field f;
	struct err err = ERR_INIT;
	const char *before = (const char *)data;
	size_t events = 0;
	int event;

	stanza_reader_init(&r, str_n((const char *)data, n));
	while ((event = stanza_next(&r, &f, &err)) != STANZA_END) {
		if (++events > 2 * n + 2)
			abort();
		if (event == STANZA_FIELD) {
			if (f.name.n == 0 || f.name.p < before || f.value.p < f.name.p + f.name.n ||
				f.value.p + f.value.n > (const char *)data + n ||
				str_find_char(f.value, '\0') >= 0)
				abort();
			before = f.value.p;
		} else if (event < 0 && err.code != ERR_INPUT) {
			abort();
		}
		err_clear(&err);
	}
	return 0;
}
