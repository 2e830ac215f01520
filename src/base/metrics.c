/*
 * Series of metrics and their text form, see metrics.h. The series of a family lie in chains by the
 * hash of their label values; a chain only ever grows at its front, hence readers need no lock.
 */
#include "base/base.h"

#include <pthread.h>
#include <stdatomic.h>

struct metric {
	struct metric *next; /* not changed once it is in the chain */
	struct metric_family *family;
	char *values[METRIC_LABELS]; /* NUL-terminated, in text */
	_Atomic uint64_t value;      /* a counter, or the bits of a double: a gauge, a sum */
	_Atomic uint64_t buckets[];  /* not cumulative; the last one is for "+Inf" */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const char other[] = "other";

static size_t label_count(const struct metric_family *f)
{
	size_t n = 0;

	while (f->labels[n])
		n++;
	return n;
}

static bool is_fit_for_a_label(const char *s)
{
	size_t length = strlen(s);

	if (length > LIMIT_METRIC_LABEL)
		return false;
	for (size_t i = 0; i < length;) {
		size_t n = utf8_check(s + i, length - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

/* FNV-1a. Who floods a chain meets the limit of series. */
static size_t chain_of(const char *const *values, size_t n)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < n; i++) {
		const char *p = values[i];
		do
			hash = (hash ^ (uint8_t)*p) * 16777619U;
		while (*p++);
	}
	return (hash ^ hash >> 16) % METRIC_CHAINS;
}

static struct metric *look_up(
	struct metric_family *f, size_t chain, const char *const *values, size_t n)
{
	struct metric *m = atomic_load_explicit(&f->chains[chain], memory_order_acquire);

	for (; m; m = m->next) {
		size_t i = 0;
		while (i < n && strcmp(m->values[i], values[i]) == 0)
			i++;
		if (i == n)
			return m;
	}
	return NULL;
}

static struct metric *make(struct metric_family *f, const char *const *values, size_t n)
{
	size_t buckets = f->kind == METRIC_HISTOGRAM ? f->bound_count + 1 : 0;
	struct metric *m = xcalloc(1, sizeof(*m) + buckets * sizeof(m->buckets[0]));

	m->family = f;
	for (size_t i = 0; i < n; i++)
		m->values[i] = xstrdup(values[i]);
	f->series++;
	return m;
}

/* The same, made when it is not there; NULL when the family is full. */
static struct metric *look_up_or_make(
	struct metric_family *f, const char *const *values, size_t n, bool whatever_the_limit)
{
	size_t chain = chain_of(values, n);
	struct metric *m = look_up(f, chain, values, n);

	if (m)
		return m;
	(void)pthread_mutex_lock(&lock);
	m = look_up(f, chain, values, n);
	if (!m && (f->series < LIMIT_METRIC_SERIES || whatever_the_limit)) {
		m = make(f, values, n);
		m->next = atomic_load_explicit(&f->chains[chain], memory_order_relaxed);
		atomic_store_explicit(&f->chains[chain], m, memory_order_release);
	}
	(void)pthread_mutex_unlock(&lock);
	return m;
}

struct metric *metric_find(struct metric_family *f, const char *const *values)
{
	const char *fit[METRIC_LABELS + 1] = { NULL };
	size_t n = label_count(f);

	for (size_t i = 0; i < n; i++) {
		assert(values[i]);
		fit[i] = values[i] && is_fit_for_a_label(values[i]) ? values[i] : other;
	}
	assert(!values[n]);
	struct metric *m = look_up_or_make(f, fit, n, false);
	if (m)
		return m;
	for (size_t i = 0; i < n; i++)
		fit[i] = other;
	return look_up_or_make(f, fit, n, true);
}

void metric_add(struct metric *m, uint64_t n)
{
	assert(m->family->kind == METRIC_COUNTER);
	(void)atomic_fetch_add_explicit(&m->value, n, memory_order_relaxed);
}

static double double_of(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static uint64_t bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

static void add_double(struct metric *m, double by)
{
	uint64_t old = atomic_load_explicit(&m->value, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(&m->value, &old, bits_of(double_of(old) + by),
		memory_order_relaxed, memory_order_relaxed))
		;
}

void metric_set(struct metric *m, double value)
{
	assert(m->family->kind == METRIC_GAUGE);
	atomic_store_explicit(&m->value, bits_of(value), memory_order_relaxed);
}

void metric_change(struct metric *m, double by)
{
	assert(m->family->kind == METRIC_GAUGE);
	add_double(m, by);
}

void metric_observe(struct metric *m, double value)
{
	const struct metric_family *f = m->family;
	size_t i = 0;

	assert(f->kind == METRIC_HISTOGRAM);
	while (i < f->bound_count && !(value <= f->bounds[i]))
		i++;
	(void)atomic_fetch_add_explicit(&m->buckets[i], 1, memory_order_relaxed);
	add_double(m, value);
}

/* Text in which "\" and line feeds, and in a label quotes, are escaped. */
static void append_escaped(struct buf *out, const char *s, bool label)
{
	for (; *s; s++) {
		if (*s == '\n')
			buf_append_str(out, STR("\\n"));
		else if (*s == '\\' || (label && *s == '"'))
			buf_printf(out, "\\%c", *s);
		else
			buf_append_char(out, *s);
	}
}

/* name suffix {labels, le} and a space; le may be NULL. */
static void append_name(struct buf *out, const struct metric *m, const char *suffix, const char *le)
{
	const struct metric_family *f = m->family;
	size_t n = label_count(f);

	buf_printf(out, "%s%s", f->name, suffix);
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%c%s=\"", i ? ',' : '{', f->labels[i]);
		append_escaped(out, m->values[i], true);
		buf_append_char(out, '"');
	}
	if (le)
		buf_printf(out, "%cle=\"%s\"", n ? ',' : '{', le);
	buf_append_str(out, n || le ? STR("} ") : STR(" "));
}

static void append_histogram(struct buf *out, struct metric *m)
{
	const struct metric_family *f = m->family;
	/* Before the buckets: the sum of at least what they count would need a lock. */
	double sum = double_of(atomic_load_explicit(&m->value, memory_order_relaxed));
	uint64_t count = 0;

	for (size_t i = 0; i <= f->bound_count; i++) {
		_cleanup_buf_ struct buf le = BUF_INIT(64);

		if (i < f->bound_count)
			buf_append_double(&le, f->bounds[i]);
		else
			buf_append_str(&le, STR("+Inf"));
		count += atomic_load_explicit(&m->buckets[i], memory_order_relaxed);
		append_name(out, m, "_bucket", buf_cstr(&le));
		buf_printf(out, "%" PRIu64 "\n", count);
	}
	append_name(out, m, "_sum", NULL);
	buf_append_double(out, sum);
	buf_append_char(out, '\n');
	append_name(out, m, "_count", NULL);
	buf_printf(out, "%" PRIu64 "\n", count);
}

static void append_series(struct buf *out, struct metric *m)
{
	if (m->family->kind == METRIC_HISTOGRAM) {
		append_histogram(out, m);
		return;
	}
	uint64_t value = atomic_load_explicit(&m->value, memory_order_relaxed);
	append_name(out, m, "", NULL);
	if (m->family->kind == METRIC_COUNTER)
		buf_printf(out, "%" PRIu64, value);
	else
		buf_append_double(out, double_of(value));
	buf_append_char(out, '\n');
}

static int by_values(const void *a, const void *b)
{
	const struct metric *x = *(struct metric *const *)a, *y = *(struct metric *const *)b;

	for (size_t i = 0; i < METRIC_LABELS && x->values[i]; i++) {
		int order = strcmp(x->values[i], y->values[i]);
		if (order)
			return order;
	}
	return 0;
}

static void append_family(struct buf *out, struct metric_family *f)
{
	static const char *const kinds[] = { [METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram" };
	VEC_OF(struct metric *) series = VEC_INIT;

	if (label_count(f) == 0)
		(void)metric_of(f);
	for (size_t i = 0; i < METRIC_CHAINS; i++) {
		struct metric *m = atomic_load_explicit(&f->chains[i], memory_order_acquire);
		for (; m; m = m->next)
			vec_push(&series, m);
	}
	if (series.n) {
		qsort(series.v, series.n, sizeof(struct metric *), by_values);
		buf_printf(out, "# HELP %s ", f->name);
		append_escaped(out, f->help, false);
		buf_printf(out, "\n# TYPE %s %s\n", f->name, kinds[f->kind]);
		for (size_t i = 0; i < series.n; i++)
			append_series(out, series.v[i]);
	}
	vec_fini(&series);
}

void metrics_write(struct metric_family *const *families, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		append_family(out, families[i]);
}
