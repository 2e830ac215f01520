/*
 * A hash map from byte strings to pointers. Keys are copied. Hashing is keyed per process, so that
 * whoever chooses the keys cannot make them collide. Not thread-safe.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct map_slot;

struct map {
	struct map_slot *slots;
	size_t cap; /* a power of two, or 0 */
	size_t n;
	struct arena keys;
};

#define MAP_INIT                                                    \
	{                                                           \
		.slots = NULL, .cap = 0, .n = 0, .keys = ARENA_INIT \
	}
#define _cleanup_map_ _cleanup_(map_fini)

void map_init(struct map *m);
/* Frees the table and its keys, not the values. */
void map_fini(struct map *m);

/* The value of key, or NULL. */
void *map_get(const struct map *m, struct str key);
bool map_has(const struct map *m, struct str key);

/* Sets the value of key, replacing what was there. */
void map_set(struct map *m, struct str key, void *value);

/*
 * Iteration in no particular order: start with *pos = 0; true and *key, *value for each entry. The
 * map must not change meanwhile.
 */
bool map_next(const struct map *m, size_t *pos, struct str *key, void **value);

#endif
