/*
 * Open-addressing hash map with linear probing, see map.h.
 */
#include "base/base.h"

#include <pthread.h>
#include <sys/random.h>

#include "base/siphash.h"

struct map_slot {
	struct str key; /* key.p is NULL in a free slot */
	void *value;
	uint64_t hash;
};

/* The same for all maps of the process and unknown outside, so that input cannot be crafted to
 * collide. */
static uint64_t hash_key[2];

static void make_hash_key(void)
{
	static int
		place; /* its address differs from run to run, where nothing better is to be had */

	if (getrandom(hash_key, sizeof(hash_key), GRND_NONBLOCK) != (ssize_t)sizeof(hash_key)) {
		hash_key[0] = clock_monotonic_ns();
		hash_key[1] = (uint64_t)(uintptr_t)&place ^ (uint64_t)clock_wall_s();
	}
}

static uint64_t hash_of(struct str key)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (pthread_once(&once, make_hash_key) != 0)
		abort();
	return siphash(1, 3, hash_key, key);
}

void map_init(struct map *m)
{
	*m = (struct map)MAP_INIT;
}

void map_fini(struct map *m)
{
	free(m->slots);
	arena_fini(&m->keys);
	map_init(m);
}

/* The slot that holds key, or the free one where it belongs. cap > 0. */
static struct map_slot *slot_of(struct map_slot *slots, size_t cap, struct str key, uint64_t hash)
{
	size_t i = hash & (cap - 1);

	while (slots[i].key.p && !(slots[i].hash == hash && str_eq(slots[i].key, key)))
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static struct map_slot *find(const struct map *m, struct str key)
{
	if (m->cap == 0)
		return NULL;
	struct map_slot *s = slot_of(m->slots, m->cap, key, hash_of(key));
	return s->key.p ? s : NULL;
}

void *map_get(const struct map *m, struct str key)
{
	const struct map_slot *s = find(m, key);

	return s ? s->value : NULL;
}

bool map_has(const struct map *m, struct str key)
{
	return find(m, key) != NULL;
}

static void grow(struct map *m)
{
	size_t cap = m->cap ? m->cap * 2 : 16;
	struct map_slot *slots = xcalloc(cap, sizeof(*slots));

	for (size_t i = 0; i < m->cap; i++) {
		if (m->slots[i].key.p)
			*slot_of(slots, cap, m->slots[i].key, m->slots[i].hash) = m->slots[i];
	}
	free(m->slots);
	m->slots = slots;
	m->cap = cap;
}

void map_set(struct map *m, struct str key, void *value)
{
	if (m->n + 1 > m->cap / 4 * 3)
		grow(m);
	uint64_t hash = hash_of(key);
	struct map_slot *s = slot_of(m->slots, m->cap, key, hash);
	if (!s->key.p) {
		*s = (struct map_slot){ .key = arena_str(&m->keys, key), .hash = hash };
		m->n++;
	}
	s->value = value;
}

bool map_next(const struct map *m, size_t *pos, struct str *key, void **value)
{
	while (*pos < m->cap) {
		const struct map_slot *s = &m->slots[(*pos)++];

		if (!s->key.p)
			continue;
		*key = s->key;
		*value = s->value;
		return true;
	}
	return false;
}
