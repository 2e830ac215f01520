/*
 * Listening sockets, and the thread that accepts. It is ours and not libmicrohttpd's for three
 * reasons: so that accepting stops at a number of connections that leaves descriptors for the rest
 * of the program, so that it can be ended without a race, and because libmicrohttpd 0.9.75 forgets
 * a lock when its own limit is met.
 */
#include "base/base.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "net/http_server_priv.h"

void http_remote_text(const struct sockaddr *address, char out[static REMOTE_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "?";

	out[0] = '\0';
	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, address, sizeof(v4));
		(void)inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
		(void)snprintf(out, REMOTE_SIZE, "%s:%u", host, ntohs(v4.sin_port));
	} else if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, address, sizeof(v6));
		bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
		if (mapped)
			(void)inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], host, sizeof(host));
		else
			(void)inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
		(void)snprintf(
			out, REMOTE_SIZE, mapped ? "%s:%u" : "[%s]:%u", host, ntohs(v6.sin6_port));
	}
}

/* A listening socket for one address; a descriptor, or a negated errno value. */
static int listen_on(const struct addrinfo *a)
{
	int one = 1, zero = 0;
	_cleanup_close_ int fd =
		socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return -errno;
	/* "All" on IPv6 is IPv4, too. */
	if (a->ai_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)) < 0)
		return -errno;
	if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, LIMIT_HTTP_BACKLOG) < 0)
		return -errno;
	return take_fd(&fd);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 a = { .sin6_family = AF_UNSPEC }; /* the port of IPv4 is in its place */
	socklen_t n = sizeof(a);

	return getsockname(fd, (struct sockaddr *)&a, &n) < 0 ? 0 : ntohs(a.sin6_port);
}

_Static_assert(offsetof(struct sockaddr_in6, sin6_port) == offsetof(struct sockaddr_in, sin_port),
	"the port stands at the same place");

static int resolve(const char *address, uint16_t port, struct addrinfo **found, struct err *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	char service[8];

	(void)snprintf(service, sizeof(service), "%u", port);
	int r = getaddrinfo(address, service, &hints, found);
	if (r == EAI_SYSTEM)
		return err_set_errno(err, ERR_IO, errno, "address %s", address ? address : "(any)");
	if (r != 0)
		return err_set(err, ERR_USAGE, "address %s: %s", address ? address : "(any)",
			gai_strerror(r));
	return 0;
}

/* Of the addresses that are found, IPv6 comes first for "all": it stands for both. */
static int listen_on_any(const struct addrinfo *found, bool all)
{
	int r = -EADDRNOTAVAIL;

	for (int pass = all ? 0 : 1; pass < 2 && r < 0; pass++) {
		for (const struct addrinfo *a = found; a && r < 0 && r != -EADDRINUSE;
			a = a->ai_next) {
			if (pass == 1 || a->ai_family == AF_INET6)
				r = listen_on(a);
		}
		if (r == -EADDRINUSE)
			break;
	}
	return r;
}

int http_listen(const char *address, uint16_t port, int *fd, uint16_t *bound, struct err *err)
{
	struct addrinfo *found = NULL;

	int r = resolve(address, port, &found, err);
	if (r < 0)
		return r;
	r = listen_on_any(found, !address);
	freeaddrinfo(found);
	if (r < 0)
		return err_set_errno(err, r == -EADDRINUSE ? ERR_BUSY : ERR_IO, -r,
			"cannot listen on %s port %u", address ? address : "any address,", port);
	*fd = r;
	*bound = port_of(r);
	return 0;
}

size_t http_connection_limit(size_t wanted)
{
	struct rlimit files;
	size_t most = LIMIT_HTTP_CONNECTIONS;

	if (wanted)
		most = min_size(most, wanted);
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return most;
	/* Where descriptors are few, half of them. */
	size_t spare = min_size(LIMIT_FDS_RESERVED, files.rlim_cur / 2);
	return max_size(1, min_size(most, files.rlim_cur - spare));
}

int http_raise_fd_limit(struct err *err)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_set_errno(err, ERR_IO, errno, "getrlimit");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_set_errno(err, ERR_IO, errno, "raising the limit of open files");
	return 0;
}

void http_wake_acceptor(struct http_server *s)
{
	uint64_t one = 1;

	/* It can only fail when the counter is full, and then the acceptor wakes up anyway. */
	(void)!write(s->wake_fd, &one, sizeof(one));
}

static void accept_one(struct http_server *s, int fd, const struct sockaddr *address, socklen_t n)
{
	int one = 1;

	/* What is sent in two pieces, as TLS does, may wait 40 ms for an acknowledgement else. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	atomic_fetch_add(&s->n_connections, 1);
	/* Closes fd when it fails, without having called back. */
	if (MHD_add_connection(s->daemon, fd, address, n) != MHD_YES)
		atomic_fetch_sub(&s->n_connections, 1);
}

static bool is_full(struct http_server *s)
{
	if (atomic_load(&s->n_connections) < s->max_connections)
		return false;
	atomic_store(&s->at_limit, true);
	/* A connection may have ended in between, and woken nobody. */
	return atomic_load(&s->n_connections) >= s->max_connections;
}

/* Accepts what is there; false when the system has no descriptor or memory for it. */
static bool accept_all(struct http_server *s)
{
	while (!atomic_load(&s->stopping) && !is_full(s)) {
		struct sockaddr_storage a;
		socklen_t n = sizeof(a);
		int fd = accept4(
			s->listen_fd, (struct sockaddr *)&a, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			accept_one(s, fd, (struct sockaddr *)&a, n);
		else if (errno == EAGAIN)
			return true;
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			return false;
		/* Else the client has left already, or a signal came. */
	}
	return true;
}

void *http_accept_thread(void *server)
{
	struct http_server *s = server;
	bool starved = false;
	uint64_t count;

	while (!atomic_load(&s->stopping)) {
		struct pollfd fds[2] = { { .fd = s->wake_fd, .events = POLLIN },
			{ .fd = s->listen_fd, .events = POLLIN } };

		/* A tenth of a second: somebody else has to let go of something. */
		bool wait = starved || is_full(s);
		if (poll(fds, wait ? 1 : 2, starved ? 100 : -1) < 0 && errno != EINTR)
			abort();
		if (fds[0].revents)
			(void)!read(s->wake_fd, &count, sizeof(count));
		starved = !accept_all(s);
	}
	return NULL;
}
