/*
 * Azure Linux's OVAL: whatever the document, only advisories that make sense are put.
 */
#include "rpm_sink.h"

#include "feed/format/azure_oval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int parse(struct stream *in, struct feed_sink *sink, struct err *err)
{
	return azure_oval_parse(in, STR("azurelinux:3.0"), sink, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rpm_sink_twice(data, size, "azurelinux:3.0", parse);
	return 0;
}
