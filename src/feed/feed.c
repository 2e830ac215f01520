/*
 * The table of feed drivers.
 */
#include "base/base.h"

#include "feed/feed_priv.h"

static const struct feed_driver *const drivers[] = {
	&feed_alma,
	&feed_alpine,
	&feed_amazon,
	&feed_azurelinux,
	&feed_chainguard,
	&feed_debian,
	&feed_nvd,
	&feed_oracle,
	&feed_photon,
	&feed_rhel,
	&feed_rocky,
	&feed_suse,
	&feed_ubuntu,
	&feed_wolfi,
};

const struct feed_driver *feed_driver_at(size_t i)
{
	return i < ARRAY_LEN(drivers) ? drivers[i] : NULL;
}

const struct feed_driver *feed_driver_by_name(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		if (str_eq(str_of(drivers[i]->name), name))
			return drivers[i];
	}
	return NULL;
}
