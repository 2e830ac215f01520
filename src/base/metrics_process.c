/*
 * What Prometheus' clients tell of the process, under the same names
 * (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics), out of /proc
 * (proc(5)). What cannot be found out is left out.
 */
#include "base/base.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>

static void append_metric(
	struct buf *out, const char *name, const char *help, bool counter, double value)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s ", name, help, name,
		counter ? "counter" : "gauge", name);
	buf_append_double(out, value);
	buf_append_char(out, '\n');
}

static bool read_proc(const char *path, struct buf *out)
{
	_cleanup_close_ int fd = io_open(path, O_RDONLY, 0, NULL);

	return fd >= 0 && io_read_to_end(fd, out, path, NULL) >= 0;
}

/* Fields of /proc/self/stat, counted from 1 as in proc(5); 3 is the first behind the name. */
enum { STAT_FIRST = 3, STAT_STARTTIME = 22, STAT_VSIZE = 23, STAT_RSS = 24, STAT_END = 25 };

static bool read_stat(uint64_t values[static STAT_END])
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	struct str rest, word;

	/* The name, in parentheses, may hold anything. */
	if (!read_proc("/proc/self/stat", &text) || !str_rcut(buf_str(&text), ')', NULL, &rest))
		return false;
	for (int i = STAT_FIRST; i < STAT_END; i++) {
		values[i] = 0;
		if (!str_next_word(&rest, &word) ||
			(i >= STAT_STARTTIME && !parse_u64(word, &values[i])))
			return false;
	}
	return true;
}

/* When the machine was started, in seconds since 1970; 0: unknown. */
static uint64_t boot_time(void)
{
	_cleanup_buf_ struct buf text = BUF_INIT(4 * MIB);
	struct str line, rest;
	uint64_t t = 0;

	if (!read_proc("/proc/stat", &text))
		return 0;
	rest = buf_str(&text);
	while (str_next_line(&rest, &line)) {
		if (str_skip_prefix(&line, STR("btime ")))
			return parse_u64(str_trim(line), &t) ? t : 0;
	}
	return 0;
}

/* Without ".", ".." and the descriptor that lists them; negative when unknown. */
static int open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = -3;

	if (!d)
		return -1;
	while (readdir(d)) // NOLINT(concurrency-mt-unsafe): the stream is this call's own
		n++;
	(void)closedir(d);
	return n;
}

static void append_descriptors(struct buf *out)
{
	int open = open_descriptors();
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		append_metric(out, "process_max_fds", "Maximum number of open file descriptors.",
			false, (double)limit.rlim_cur);
	if (open >= 0)
		append_metric(
			out, "process_open_fds", "Number of open file descriptors.", false, open);
}

void metrics_write_process(struct buf *out)
{
	uint64_t stat[STAT_END];
	struct timespec cpu;
	bool have_stat = read_stat(stat);
	uint64_t boot = boot_time();

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0) {
		int64_t ms = cpu.tv_sec * 1000 + cpu.tv_nsec / 1000000;
		append_metric(out, "process_cpu_seconds_total",
			"Total user and system CPU time spent in seconds.", true, (double)ms / 1e3);
	}
	append_descriptors(out);
	if (!have_stat)
		return;
	append_metric(out, "process_resident_memory_bytes", "Resident memory size in bytes.", false,
		(double)stat[STAT_RSS] * (double)sysconf(_SC_PAGESIZE));
	if (boot)
		append_metric(out, "process_start_time_seconds",
			"Start time of the process since unix epoch in seconds.", false,
			(double)boot + (double)stat[STAT_STARTTIME] / (double)sysconf(_SC_CLK_TCK));
	append_metric(out, "process_virtual_memory_bytes", "Virtual memory size in bytes.", false,
		(double)stat[STAT_VSIZE]);
}
