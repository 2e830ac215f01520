/*
 * A configuration from its file: defaults, reading, what can only be checked on this machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "config/config_priv.h"

void config_defaults(struct config *out)
{
	*out = (struct config){
		.arena = ARENA_INIT,
		.database = { .type = CONFIG_SQLITE, .connections = 10, .cachesize = 16384 },
		.api = { .port = 6060, .health_port = 6061, .timeout_ms = 900 * 1000 },
		.updater = { .interval_ms = 3600 * 1000,
			.sources = {
				[CONFIG_SOURCE_DEBIAN] = { .name = "debian", .enabled = true },
				[CONFIG_SOURCE_UBUNTU] = { .name = "ubuntu", .enabled = true },
				[CONFIG_SOURCE_RHEL] = { .name = "rhel", .enabled = true },
				[CONFIG_SOURCE_ORACLE] = { .name = "oracle", .enabled = true },
				[CONFIG_SOURCE_ALPINE] = { .name = "alpine", .enabled = true },
				[CONFIG_SOURCE_NVD] = { .name = "nvd", .enabled = true },
				[CONFIG_SOURCE_SUSE] = { .name = "suse" },
				[CONFIG_SOURCE_AMAZON] = { .name = "amazon" },
				[CONFIG_SOURCE_ROCKY] = { .name = "rocky" },
				[CONFIG_SOURCE_ALMA] = { .name = "alma" },
				[CONFIG_SOURCE_WOLFI] = { .name = "wolfi" },
				[CONFIG_SOURCE_CHAINGUARD] = { .name = "chainguard" },
				[CONFIG_SOURCE_AZURELINUX] = { .name = "azurelinux" },
				[CONFIG_SOURCE_PHOTON] = { .name = "photon" },
			} },
		.notifier = { .attempts = 5, .renotify_interval_ms = 2 * 3600 * 1000 },
		.layer_sources = { .local_paths = VEC_INIT },
		.origins = VEC_INIT,
	};
}

/* The arena's memory is the configuration's own; it is only const for those who read it. */
static void wipe(const char *secret)
{
	if (secret)
		explicit_bzero((void *)(uintptr_t)secret, strlen(secret));
}

void config_fini(struct config *c)
{
	wipe(c->database.source);
	wipe(c->updater.mirror);
	wipe(c->notifier.http.endpoint);
	wipe(c->notifier.http.proxy);
	for (size_t i = 0; i < CONFIG_SOURCE_COUNT; i++)
		wipe(c->updater.sources[i].url);
	explicit_bzero(c->api.pagination_key, sizeof(c->api.pagination_key));
	vec_fini(&c->origins);
	arena_fini(&c->arena);
	config_defaults(c);
}

struct config_place config_place_of(const struct config *c, const char *key)
{
	vec_for_each(origin, &c->origins) {
		if (strcmp(origin->key, key) == 0)
			return origin->place;
	}
	return (struct config_place){ 0 };
}

/* --- files that it names -----------------------------------------------------------------------
 */

static int look_at(const char *path, struct err *err)
{
	_cleanup_close_ int fd = io_open(path, O_RDONLY | O_NONBLOCK, 0, err);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_set_errno(err, ERR_IO, errno, "%s", path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_INPUT, "%s: it is a directory", path);
	return 0;
}

static void check_file(
	const struct config *c, struct config_problems *problems, const char *key, const char *path)
{
	_cleanup_err_ struct err err = ERR_INIT;

	if (path && look_at(path, &err) < 0)
		problem_error(problems, config_place_of(c, key), "%s: %s", key, err_msg(&err));
}

void config_check_files(const struct config *c, struct config_problems *problems)
{
	check_file(c, problems, "clair.api.certfile", c->api.cert_file);
	check_file(c, problems, "clair.api.keyfile", c->api.key_file);
	check_file(c, problems, "clair.api.cafile", c->api.ca_file);
	check_file(c, problems, "clair.notifier.http.cafile", c->notifier.http.ca_file);
	check_file(c, problems, "clair.notifier.http.certfile", c->notifier.http.cert_file);
	check_file(c, problems, "clair.notifier.http.keyfile", c->notifier.http.key_file);
	check_file(c, problems, "clair.updater.credentials_file", c->updater.credentials_file);
	for (size_t i = 0; i < CONFIG_SOURCE_COUNT; i++) {
		const struct config_source *source = &c->updater.sources[i];
		_cleanup_arena_ struct arena a = ARENA_INIT;

		check_file(c, problems,
			arena_printf(&a, "clair.updater.sources.%s.credentials_file", source->name)
				.p,
			source->credentials_file);
	}
	problems_sort(problems);
}

/* --- loading -----------------------------------------------------------------------------------
 */

static int read_file(const char *path, struct buf *out, struct err *err)
{
	_cleanup_close_ int fd = io_open(path, O_RDONLY, 0, err);

	return fd < 0 ? fd : io_read_to_end(fd, out, path, err);
}

/* An empty key has no place. */
static int make_pagination_key(struct config *c, struct err *err)
{
	uint8_t *key = c->api.pagination_key;

	if (config_place_of(c, "clair.api.paginationkey").line)
		return 0;
	if (getrandom(key, CONFIG_PAGINATION_KEY_BYTES, 0) != CONFIG_PAGINATION_KEY_BYTES)
		return err_set_errno(err, ERR_IO, errno, "random numbers for a pagination key");
	c->api.pagination_key_generated = true;
	return 0;
}

static int finish(struct config *c, const char *name, const struct config_problems *problems,
	struct config *out, struct err *err)
{
	int r = problems_to_err(problems, name, err);

	if (r >= 0)
		r = make_pagination_key(c, err);
	if (r < 0)
		config_fini(c);
	else
		*out = *c;
	return r;
}

static int load_defaults(
	const struct config_problems *problems, struct config *out, struct err *err)
{
	struct config c;

	config_defaults(&c);
	return finish(&c, "", problems, out, err);
}

int config_load(
	const char *path, struct config *out, struct config_problems *problems, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(LIMIT_CONFIG);
	_cleanup_err_ struct err cause = ERR_INIT;
	const char *name = path ? path : CONFIG_DEFAULT_PATH;
	struct config c;

	int r = read_file(name, &text, &cause);
	if (r == -ERR_NOT_FOUND && !path)
		return load_defaults(problems, out, err);
	if (r < 0)
		return err_move(err, &cause);
	config_read(buf_span(&text), &c, problems);
	if (text.n)
		explicit_bzero(text.p, text.n);
	c.file = arena_cstr(&c.arena, str_of(name));
	config_check_files(&c, problems);
	return finish(&c, name, problems, out, err);
}
