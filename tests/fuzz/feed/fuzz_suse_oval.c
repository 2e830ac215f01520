/*
 * SUSE's OVAL: whatever the document, only advisories that make sense are put.
 */
#include "rpm_sink.h"

#include "feed/suse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int parse(struct stream *in, struct feed_sink *sink, struct err *err)
{
	const struct suse_scope all = { .n_prefixes = 0 };

	return suse_parse(in, &all, sink, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rpm_sink_twice(data, size, NULL, parse);
	return 0;
}
