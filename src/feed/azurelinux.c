/*
 * Azure Linux and its predecessor CBL-Mariner, from Microsoft's repository of OVAL documents. The
 * source may be a copy of that folder, or one document under its name.
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/format/azure_oval.h"
#include "feed/listing.h"
#include "feed/session.h"

#define VERSION_MAX 16

/* What a server is asked for; those that are not there yet (or any more) are passed over. */
static const char *const documents[] = { "azurelinux-4.0-oval.xml", "azurelinux-3.0-oval.xml",
	"cbl-mariner-2.0-oval.xml", "cbl-mariner-1.0-oval.xml" };

/* The namespace that a document is about, by its name; STR_NULL for another document. */
static struct str namespace_of(struct str name, struct arena *a)
{
	const char *id = "azurelinux";

	name = listing_plain_name(name);
	if (str_skip_prefix(&name, STR("cbl-mariner-")))
		id = "mariner";
	else if (!str_skip_prefix(&name, STR("azurelinux-")))
		return STR_NULL;
	if (!str_ends(name, STR("-oval.xml")))
		return STR_NULL;
	name.n -= STR("-oval.xml").n;
	for (size_t i = 0; i < name.n; i++) {
		if (!ascii_is_digit(name.p[i]) && name.p[i] != '.')
			return STR_NULL;
	}
	if (name.n == 0 || name.n > VERSION_MAX)
		return STR_NULL;
	return arena_printf(a, "%s:%" PRIstr, id, STR_ARG(name));
}

static int parse_part(struct stream *in, const char *location UNUSED, void *ctx,
	struct feed_sink *sink, struct err *err)
{
	const struct str *name_space = ctx;

	return azure_oval_parse(in, *name_space, sink, err);
}

static int read_document(
	struct feed_session *s, const char *location, struct str name_space, struct err *err)
{
	struct feed_part part = {
		.name_spaces = &name_space,
		.n_name_spaces = 1,
		.locations = &location,
		.n_locations = 1,
		.parse = parse_part,
		.ctx = &name_space,
	};
	int r = feed_read_part(s, &part, err);

	return r < 0 ? r : 0;
}

static int read_directory(struct feed_session *s, struct err *err)
{
	struct str_vec names = VEC_INIT;
	bool any = false;
	int r = listing_of_directory(feed_location(s), feed_arena(s), &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct str name_space = namespace_of(names.v[i], feed_arena(s));

		/* The same document in several compressions: they stand side by side. */
		if (name_space.n == 0 ||
			(i + 1 < names.n && str_eq(listing_plain_name(names.v[i]),
						    listing_plain_name(names.v[i + 1]))))
			continue;
		any = true;
		r = read_document(s, feed_join(s, feed_location(s), names.v[i].p), name_space, err);
	}
	vec_fini(&names);
	if (r == 0 && !any)
		return err_set(err, ERR_NOT_FOUND, "%s: no azurelinux-….xml", feed_location(s));
	return r;
}

static int read_server(struct feed_session *s, struct err *err)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		_cleanup_err_ struct err failure = ERR_INIT;
		int r = read_document(s, feed_join(s, feed_location(s), documents[i]),
			namespace_of(str_of(documents[i]), feed_arena(s)), &failure);

		any |= r == 0;
		if (r < 0 && r != -ERR_NOT_FOUND)
			return err_move(err, &failure);
	}
	return any ? 0
		   : err_set(err, ERR_NOT_FOUND, "%s: none of the documents is there",
			     feed_location(s));
}

static int azurelinux_read(struct feed_session *s, struct err *err)
{
	const char *location = feed_location(s);
	struct str name_space = namespace_of(path_basename(str_of(location)), feed_arena(s));

	if (feed_place(s) == FEED_DIRECTORY)
		return read_directory(s, err);
	if (name_space.n)
		return read_document(s, location, name_space, err);
	if (feed_place(s) == FEED_HTTP)
		return read_server(s, err);
	return err_set(err, ERR_USAGE,
		"%s: the name has to tell the release: azurelinux-3.0-oval.xml", location);
}

const struct feed_driver feed_azurelinux = {
	.name = "azurelinux",
	.title = "Azure Linux OVAL",
	.default_url =
		"https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/",
	.revision = 1,
	.read = azurelinux_read,
};
