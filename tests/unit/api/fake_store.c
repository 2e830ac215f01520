#include "fake_store.h"

struct fake_store fake = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
};

static int dummy;

void fake_reset(void)
{
	arena_fini(&fake.arena);
	fake = (struct fake_store){
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
		.generation = 1,
	};
}

static void lock(void)
{
	(void)pthread_mutex_lock(&fake.lock);
}

static void unlock(void)
{
	(void)pthread_cond_broadcast(&fake.changed);
	(void)pthread_mutex_unlock(&fake.lock);
}

void fake_hold_reads(bool hold)
{
	lock();
	fake.hold_reads = hold;
	unlock();
}

static void wait_for(const unsigned *counter, unsigned n)
{
	lock();
	while (*counter < n)
		(void)pthread_cond_wait(&fake.changed, &fake.lock);
	unlock();
}

void fake_wait_for_reads(unsigned n)
{
	wait_for(&fake.reads, n);
}

void fake_wait_for_states(unsigned n)
{
	wait_for(&fake.states, n);
}

/* Notes a call: negative when it is to fail, 0 when nothing is there, else 1. */
static int begin(struct err *err, const char *call, struct str a, struct str b)
{
	lock();
	fake.asked =
		arena_printf(&fake.arena, "%s %" PRIstr " %" PRIstr, call, STR_ARG(a), STR_ARG(b));
	int r = fake.fails ? err_set(err, fake.fails, "secret of the database") : !fake.empty;
	unlock();
	return r;
}

int store_pool_take(struct store_pool *p, struct store **out, struct err *err)
{
	lock();
	int r = fake.pool_fails ? err_set(err, fake.pool_fails, "secret of the pool") : 0;
	if (r == 0)
		fake.lent++;
	unlock();
	(void)p;
	if (r == 0)
		*out = (struct store *)(void *)&dummy;
	return r;
}

void store_pool_give(struct store_pool *p, struct store *s)
{
	(void)p;
	(void)s;
	lock();
	fake.lent--;
	unlock();
}

int store_ping(struct store *s, struct err *err)
{
	(void)s;
	int r = begin(err, "ping", STR(""), STR(""));
	return r < 0 ? r : 0;
}

int store_layer_delete(struct store *s, struct str name, struct err *err)
{
	(void)s;
	int r = begin(err, "delete layer", name, STR(""));
	return r ? (r < 0 ? r : 0) : err_set(err, ERR_NOT_FOUND, "no such layer");
}

int store_layer_state(struct store *s, struct str name, struct layer_state *out, struct err *err)
{
	(void)s;
	int r = begin(err, "state", name, STR(""));
	lock();
	*out = (struct layer_state){ .id = 7, .generation = fake.generation };
	fake.states++;
	unlock();
	return r;
}

void layer_view_fini(struct layer_view *v)
{
	vec_fini(&v->features);
	vec_fini(&v->matches);
}

int store_layer_read(struct store *s, struct str name, enum layer_part part, struct arena *a,
	struct layer_view *out, struct err *err)
{
	(void)s;
	(void)a;
	int r = begin(err, "read", name, STR(""));
	*out = (struct layer_view){
		.layer = { .id = 7,
			.name = name,
			.parent = STR("base"),
			.name_space = STR("alpine:v3.8"),
			.scheme = STR("apk"),
			.engine_version = 3 },
	};
	lock();
	fake.reads++;
	(void)pthread_cond_broadcast(&fake.changed);
	while (fake.hold_reads)
		(void)pthread_cond_wait(&fake.changed, &fake.lock);
	out->state = (struct layer_state){ .id = 7, .generation = fake.generation };
	if (fake.read_fails)
		r = err_set(err, fake.read_fails, "secret of the database");
	unlock();
	if (r <= 0 || part == LAYER_PART_NONE)
		return r;
	vec_push(&out->features, ((struct layer_feature){
					 .name_space = STR("alpine:v3.8"),
					 .scheme = STR("apk"),
					 .name = STR("musl"),
					 .version = STR("1.1.19-r10"),
					 .added_by_name = STR("base"),
				 }));
	vec_push(&out->features, ((struct layer_feature){
					 .name_space = STR("centos:7"),
					 .scheme = STR("rpm"),
					 .name = STR("bash<>"),
					 .version = STR("0:4.2"),
					 .added_by_name = name,
				 }));
	if (part == LAYER_PART_FEATURES)
		return r;
	vec_push(&out->matches,
		((struct layer_match){
			.feature = 1,
			.name = STR("CVE-1"),
			.name_space = STR("centos:7"),
			.description = STR("a & b"),
			.link = STR("https://x/"),
			.severity = SEVERITY_HIGH,
			.metadata = STR("{\"NVD\": {\"CVSSv2\": {\"Vectors\": \"AV:N\", "
					"\"Score\": 7.50}}}"),
			.fixed_by = STR("0:4.3"),
		}));
	vec_push(&out->matches, ((struct layer_match){
					.feature = 1,
					.name = STR("CVE-2"),
					.name_space = STR("centos:7"),
				}));
	return r;
}

int store_namespace_list(
	struct store *s, struct arena *a, struct stored_namespace **out, size_t *n, struct err *err)
{
	(void)s;
	int r = begin(err, "namespaces", STR(""), STR(""));
	*out = arena_alloc(a, 3 * sizeof(**out));
	(*out)[0] = (struct stored_namespace){ .name = STR("debian:9"), .scheme = STR("dpkg") };
	(*out)[1] = (struct stored_namespace){ .name = STR("alpine:v3.8"), .scheme = STR("apk") };
	(*out)[2] = (struct stored_namespace){ .name = STR("foo:1"), .scheme = STR_NULL };
	*n = fake.empty ? 0 : 3;
	return r < 0 ? r : 0;
}

int store_namespace_get(struct store *s, struct str name, struct arena *a,
	struct stored_namespace *out, struct err *err)
{
	(void)s;
	(void)a;
	int r = begin(err, "namespace", name, STR(""));
	*out = (struct stored_namespace){ .name = name, .scheme = fake.scheme_of_namespace };
	return r > 0 && fake.scheme_of_namespace.n ? 1 : r < 0 ? r : 0;
}

static const struct advisory_fix fixes[] = {
	{ .package = STR_INIT("bash"), .fixed_version = STR_INIT("4.4"), .state = FIX_STATE_FIXED },
	{ .package = STR_INIT("zlib"), .state = FIX_STATE_AFFECTED },
};

static struct stored_vulnerability vulnerability(struct str name_space, struct str name)
{
	return (struct stored_vulnerability){
		.id = 3,
		.name = name,
		.name_space = name_space,
		.scheme = STR("dpkg"),
		.severity = SEVERITY_MEDIUM,
		.link = STR("l"),
		.description = STR("d"),
		.metadata = STR("{}"),
		.fixes = fixes,
		.n_fixes = str_eq(name, STR("CVE-none")) ? 0 : ARRAY_LEN(fixes),
	};
}

int store_vulnerability_get(struct store *s, struct str name_space, struct str name,
	struct arena *a, struct stored_vulnerability *out, struct err *err)
{
	(void)s;
	(void)a;
	*out = vulnerability(name_space, name);
	return begin(err, "get", name_space, name);
}

int store_vulnerability_list(struct store *s, struct str name_space, int64_t start_id, size_t limit,
	struct arena *a, struct stored_vulnerability **out, size_t *n, int64_t *next_id,
	struct err *err)
{
	(void)s;
	int r = begin(err, "list", name_space, STR(""));
	fake.limit = limit;
	fake.start_id = start_id;
	*out = arena_alloc(a, 2 * sizeof(**out));
	(*out)[0] = vulnerability(name_space, STR("CVE-1"));
	(*out)[1] = vulnerability(name_space, STR("CVE-2"));
	*n = min_size(limit, 2);
	*next_id = limit > 2 ? -1 : 12;
	return r;
}

int store_vulnerability_put(struct store *s, const struct advisory *v,
	const struct str *not_affected, size_t n_not_affected, unsigned flags,
	enum store_notify notify, struct err *err)
{
	(void)s;
	struct arena *a = &fake.arena;
	struct advisory_fix *copies = arena_alloc(a, (v->n_fixes + 1) * sizeof(*copies));
	int r = begin(err, "put", v->name_space, v->name);

	for (size_t i = 0; i < v->n_fixes; i++) {
		copies[i] = v->fixes[i];
		copies[i].package = arena_str(a, v->fixes[i].package);
		copies[i].fixed_version = arena_str(a, v->fixes[i].fixed_version);
	}
	fake.put = *v;
	fake.put.name_space = arena_str(a, v->name_space);
	fake.put.name = arena_str(a, v->name);
	fake.put.scheme = arena_str(a, v->scheme);
	fake.put.metadata = arena_str(a, v->metadata);
	fake.put.description = arena_str(a, v->description);
	fake.put.link = arena_str(a, v->link);
	fake.put.fixes = copies;
	fake.not_affected = STR_NULL;
	for (size_t i = 0; i < n_not_affected; i++)
		fake.not_affected = arena_printf(a, "%" PRIstr "%" PRIstr " ",
			STR_ARG(fake.not_affected), STR_ARG(not_affected[i]));
	fake.put_flags = flags;
	fake.notify = notify;
	if (r == 0 && (flags & VULNERABILITY_FIXES_ONLY))
		return err_set(err, ERR_NOT_FOUND, "not there");
	return r < 0 ? r : 1;
}

int store_vulnerability_delete(struct store *s, struct str name_space, struct str name,
	enum store_notify notify, struct err *err)
{
	(void)s;
	int r = begin(err, "delete", name_space, name);
	fake.notify = notify;
	return r ? (r < 0 ? r : 0) : err_set(err, ERR_NOT_FOUND, "no such vulnerability");
}

static const struct introducing_layer layers[] = {
	{ .index = 1, .name = STR_INIT("a") },
	{ .index = 4, .name = STR_INIT("b") },
};

int store_notification_get(struct store *s, struct str name, size_t limit,
	struct notification_page page, struct arena *a, struct stored_notification *out,
	struct notification_page *next, struct err *err)
{
	(void)s;
	(void)a;
	int r = begin(err, "notification", name, STR(""));
	fake.limit = limit;
	fake.page = page;
	*out = (struct stored_notification){
		.name = name,
		.created_at = 1795520804,
		.notified_at = 1795520805,
		.after = { .exists = true,
			.vulnerability = vulnerability(STR("debian:9"), STR("CVE-none")),
			.layers = layers,
			.n_layers = min_size(limit, 2) },
	};
	if (str_eq(name, STR("deleted"))) {
		out->deleted_at = 1795520806;
		out->before = out->after;
		out->before.n_layers = 0;
		out->before.vulnerability = vulnerability(STR("debian:9"), STR("CVE-1"));
		out->after.exists = false;
	}
	*next = limit > 2 ? (struct notification_page){ .old_id = -1, .new_id = -1 }
			  : (struct notification_page){ .old_id = -1, .new_id = 4 };
	return r;
}

int store_notification_delete(struct store *s, struct str name, struct err *err)
{
	(void)s;
	int r = begin(err, "delete notification", name, STR(""));
	return r ? (r < 0 ? r : 0) : err_set(err, ERR_NOT_FOUND, "no such notification");
}
