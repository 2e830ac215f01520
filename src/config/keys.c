/*
 * The table of all keys: name, type, place in struct config, range. A key that is not here gets a
 * warning. docs/configuration.md tells each of them.
 */
#include "config/config_priv.h"

#define OFFSET(member) .offset = offsetof(struct config, member)
#define A_PORT         .take = take_port, .expected = "a port (0 to 65535)", .max = 65535
#define TEXT           .take = take_text, .expected = "text"
#define FILE_NAME      .take = take_text, .expected = "the name of a file"

#define SOURCE_KEY(name_of, index, member) \
	.name = "clair.updater.sources." name_of "." #member, OFFSET(updater.sources[index].member)

/* The keys of one source. */
/* clang-format off */
#define SOURCE(source, index) \
	{ .name = "clair.updater.sources." source }, \
	{ SOURCE_KEY(source, index, enabled), .take = take_bool, .expected = "true or false" }, \
	{ SOURCE_KEY(source, index, url), .take = take_text, .expected = "a URL or a path", .secret = true }, \
	{ SOURCE_KEY(source, index, credentials_file), FILE_NAME }
/* clang-format on */

static const struct config_key keys[] = {
	{ .name = "clair" },
	{ .name = "jwtproxy", .skipped = true },

	{ .name = "clair.database" },
	{ .name = "clair.database.type",
		.take = take_database_type,
		.expected = "\"pgsql\" or \"sqlite\"",
		OFFSET(database.type) },
	{ .name = "clair.database.options" },
	{ .name = "clair.database.options.source",
		.take = take_text,
		.expected = "a PostgreSQL connection string",
		.secret = true,
		OFFSET(database.source) },
	{ .name = "clair.database.options.path", FILE_NAME, OFFSET(database.path) },
	{ .name = "clair.database.options.connections",
		.take = take_count,
		.expected = "a number from 1 to 1000",
		.min = 1,
		.max = 1000,
		OFFSET(database.connections) },
	{ .name = "clair.database.options.cachesize",
		.take = take_size,
		.expected = "a number from 0 on",
		.max = INT64_MAX,
		OFFSET(database.cachesize) },
	{ .name = "clair.database.options.fixturepath", .unused = true },
	{ .name = "clair.database.options.managedatabaselifecycle", .unused = true },

	{ .name = "clair.api" },
	{ .name = "clair.api.address",
		.take = take_address,
		.expected = "an IP address",
		OFFSET(api.address) },
	{ .name = "clair.api.port", A_PORT, OFFSET(api.port) },
	{ .name = "clair.api.healthport", A_PORT, OFFSET(api.health_port) },
	{ .name = "clair.api.timeout",
		.take = take_duration,
		.expected = "a duration above 0 with its unit, such as 900s or 1h30m",
		.min = 1,
		.max = INT64_MAX,
		OFFSET(api.timeout_ms) },
	{ .name = "clair.api.paginationkey",
		.take = take_pagination_key,
		.expected = "a key of 32 bytes, in base64 or as 64 hexadecimal digits",
		.secret = true,
		OFFSET(api.pagination_key) },
	{ .name = "clair.api.servername", .unused = true },
	{ .name = "clair.api.certfile", FILE_NAME, OFFSET(api.cert_file) },
	{ .name = "clair.api.keyfile", FILE_NAME, OFFSET(api.key_file) },
	{ .name = "clair.api.cafile", FILE_NAME, OFFSET(api.ca_file) },

	{ .name = "clair.updater" },
	{ .name = "clair.updater.interval",
		.take = take_duration,
		.expected = "a duration with its unit, such as 6h or 1h30m, or 0",
		.max = INT64_MAX,
		OFFSET(updater.interval_ms) },
	{ .name = "clair.updater.sources" },
	{ .name = "clair.updater.mirror",
		.take = take_http_url,
		.expected = "an http or https URL",
		.secret = true,
		OFFSET(updater.mirror) },
	{ .name = "clair.updater.credentials_file", FILE_NAME, OFFSET(updater.credentials_file) },
	SOURCE("debian", CONFIG_SOURCE_DEBIAN),
	SOURCE("ubuntu", CONFIG_SOURCE_UBUNTU),
	SOURCE("rhel", CONFIG_SOURCE_RHEL),
	SOURCE("oracle", CONFIG_SOURCE_ORACLE),
	SOURCE("alpine", CONFIG_SOURCE_ALPINE),
	SOURCE("nvd", CONFIG_SOURCE_NVD),
	SOURCE("suse", CONFIG_SOURCE_SUSE),
	SOURCE("amazon", CONFIG_SOURCE_AMAZON),
	SOURCE("rocky", CONFIG_SOURCE_ROCKY),
	SOURCE("alma", CONFIG_SOURCE_ALMA),
	SOURCE("wolfi", CONFIG_SOURCE_WOLFI),
	SOURCE("chainguard", CONFIG_SOURCE_CHAINGUARD),
	SOURCE("azurelinux", CONFIG_SOURCE_AZURELINUX),
	SOURCE("photon", CONFIG_SOURCE_PHOTON),

	{ .name = "clair.notifier" },
	{ .name = "clair.notifier.attempts",
		.take = take_count,
		.expected = "a number from 1 to 1000",
		.min = 1,
		.max = 1000,
		OFFSET(notifier.attempts) },
	{ .name = "clair.notifier.renotifyinterval",
		.take = take_duration,
		.expected = "a duration with its unit, such as 2h or 1h30m, or 0",
		.max = INT64_MAX,
		OFFSET(notifier.renotify_interval_ms) },
	{ .name = "clair.notifier.all",
		.take = take_bool,
		.expected = "true or false",
		OFFSET(notifier.all) },
	{ .name = "clair.notifier.http" },
	{ .name = "clair.notifier.http.endpoint",
		.take = take_http_url,
		.expected = "an http or https URL",
		.secret = true,
		OFFSET(notifier.http.endpoint) },
	{ .name = "clair.notifier.http.servername", TEXT, OFFSET(notifier.http.server_name) },
	{ .name = "clair.notifier.http.cafile", FILE_NAME, OFFSET(notifier.http.ca_file) },
	{ .name = "clair.notifier.http.certfile", FILE_NAME, OFFSET(notifier.http.cert_file) },
	{ .name = "clair.notifier.http.keyfile", FILE_NAME, OFFSET(notifier.http.key_file) },
	{ .name = "clair.notifier.http.proxy",
		.take = take_proxy_url,
		.expected = "an http, https or socks5 URL",
		.secret = true,
		OFFSET(notifier.http.proxy) },

	{ .name = "clair.layer_sources" },
	{ .name = "clair.layer_sources.local_paths",
		.take = take_local_paths,
		.expected = "a list of absolute paths",
		.list = true,
		OFFSET(layer_sources) },
};

const struct config_key *key_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (str_eq(str_of(keys[i].name), name))
			return &keys[i];
	}
	return NULL;
}

/* --- suggestions ------------------------------------------------------------------------------ */

enum { WORD_MAX = 32 };

static size_t min3(size_t a, size_t b, size_t c)
{
	return min_size(min_size(a, b), c);
}

/* How many letters have to be put in, left out or changed (Levenshtein), whatever their case. */
static size_t distance(struct str a, struct str b)
{
	size_t row[WORD_MAX + 1];

	if (a.n > WORD_MAX || b.n > WORD_MAX)
		return SIZE_MAX;
	for (size_t k = 0; k <= b.n; k++)
		row[k] = k;
	for (size_t i = 0; i < a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < b.n; k++) {
			size_t change = ascii_to_lower(a.p[i]) != ascii_to_lower(b.p[k]);
			size_t best = min3(diagonal + change, row[k] + 1, row[k + 1] + 1);

			diagonal = row[k + 1];
			row[k + 1] = best;
		}
	}
	return row[b.n];
}

/* The last part of a key's name when the rest is the section. */
static bool is_in_section(struct str key, struct str section, struct str *word)
{
	struct str head;

	if (!str_rcut(key, '.', &head, word))
		*word = key;
	return str_eq(head, section);
}

const char *key_suggest(struct arena *a, struct str section, struct str name)
{
	struct str word, best = STR_NULL;
	size_t least = name.n >= 6 ? 3 : 2;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!is_in_section(str_of(keys[i].name), section, &word))
			continue;
		size_t d = distance(word, name);
		if (d < least) {
			least = d;
			best = word;
		}
	}
	return best.n ? arena_cstr(a, best) : NULL;
}
