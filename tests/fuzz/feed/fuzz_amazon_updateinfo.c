/*
 * Amazon's updateinfo.xml: whatever the document, only advisories that make sense are put.
 */
#include "rpm_sink.h"

#include "feed/amazon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rpm_sink_twice(data, size, "amzn:", amazon_parse);
	return 0;
}
