/*
 * Photon's OVAL: whatever the document, only advisories that make sense are put.
 */
#include "rpm_sink.h"

#include "feed/format/photon_oval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int parse(struct stream *in, struct feed_sink *sink, struct err *err)
{
	return photon_oval_parse(in, STR("photon:5.0"), sink, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rpm_sink_twice(data, size, "photon:5.0", parse);
	return 0;
}
