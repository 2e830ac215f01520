/*
 * HTTP/1.1 as a server, plain or over TLS, on libmicrohttpd: some event threads with epoll, and a
 * handler that is called once a request is there as a whole. The handler answers at once or keeps
 * the request and has it answered later, from any thread.
 *
 * What is refused before a handler sees it, with 400 and the end of the connection: anything that
 * two programs could read in two ways (both Content-Length and Transfer-Encoding, two of either,
 * lines that do not end with CR LF, continued lines, NUL, names that are no tokens, no or two
 * Hosts). What libmicrohttpd itself refuses has no Server header: 400, 413, 414, 431, 505.
 */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "base/base.h"

#include "net/http_header.h"

struct http_server;
struct http_tls;

/*
 * A request. Everything lies in its arena and is valid until http_respond(); who holds the request
 * may use the arena.
 */
struct http_request {
	struct str method;  /* as sent */
	struct str target;  /* as sent, with the query */
	struct str path;    /* decoded: may hold any byte; "*" for the server as a whole */
	struct str query;   /* as sent, without "?"; see http_query_get() */
	struct str remote;  /* "192.0.2.1:5678", "[2001:db8::1]:5678" */
	bool http_1_0;      /* else 1.1 */
	struct span body;   /* the first max_body_bytes of it */
	bool body_cut;      /* it was longer */
	uint64_t start_ns;  /* when its first line was read, monotonic */
	struct arena arena; /* of this request */
	const struct http_header
		*headers; /* in the order they came, blanks around values removed */
	size_t n_headers;
	bool accepts_gzip;
};

/* The first header of that name (letter case does not matter); empty when there is none. */
struct str http_request_header(const struct http_request *r, struct str name);

/*
 * A body that any number of replies share. Immutable and counted: http_body_unref() lets go of a
 * reference, from any thread.
 */
struct http_body;

/* Takes the bytes from *content, which is empty afterwards. With gzip the body is their gzipped
 * form, for replies to requests that accept it (accepts_gzip) only. */
struct http_body *http_body_new(struct buf *content, bool gzip);
struct http_body *http_body_ref(struct http_body *body);
void http_body_unref(struct http_body *body);
DEFINE_CLEANUP(struct http_body *, http_body_unref)
/* In the form that it has. */
struct span http_body_bytes(const struct http_body *body);

struct http_reply {
	unsigned status;                   /* 200 … 999 */
	const char *content_type;          /* left out when the body is empty */
	const struct http_header *headers; /* more of them; names and values are to be sound */
	size_t n_headers;
	struct span body;         /* copied */
	struct http_body *shared; /* instead of body; the caller keeps its reference */
	bool gzip_allowed;        /* compress it for who accepts that */
	bool no_server_header;
};

struct http_server_options {
	const char *address;         /* an IP address or a name; NULL: all, IPv6 and IPv4 */
	uint16_t port;               /* 0: any that is free */
	struct http_tls *tls;        /* NULL: plain. Outlives the server */
	size_t threads;              /* event threads, 1 … 64 */
	size_t max_connections;      /* 0: LIMIT_HTTP_CONNECTIONS, or what descriptors allow */
	uint64_t max_body_bytes;     /* what is kept of a body; at most LIMIT_HTTP_BODY */
	uint64_t max_bodies_bytes;   /* of all requests together; 0: LIMIT_HTTP_BODIES_TOTAL */
	uint32_t idle_timeout_s;     /* a connection on which nothing moves; > 0 */
	uint64_t receive_timeout_ms; /* a request, from its first line to its last byte; > 0 */
	uint64_t request_timeout_ms; /* from there to the reply; 0: none */
	struct http_reply
		timeout_reply;     /* for a request that outlasts it; lives as long as the server */
	const char *server_header; /* value of "Server"; NULL: none; static */
	/*
	 * A request is there, on an event thread: it must not block. Exactly one http_respond() has
	 * to follow, now or later, on whatever thread.
	 */
	void (*handle)(void *ctx, struct http_request *r);
	/*
	 * An exchange ended, on an event thread: for logs and metrics; may be NULL. r is valid
	 * during the call, its arena not to be touched. bytes: of the body, 0 for HEAD. Not called
	 * for what was refused by libmicrohttpd itself or broke off before it was answered.
	 */
	void (*done)(void *ctx, const struct http_request *r, unsigned status, uint64_t bytes,
		uint64_t duration_ns);
	void *ctx;
};

/*
 * Binds, listens and serves. -ERR_BUSY when the port is taken, -ERR_IO or -ERR_USAGE when it cannot
 * be bound otherwise, naming address and port.
 */
int http_server_start(
	const struct http_server_options *o, struct http_server **out, struct err *err) MUST_CHECK;

uint16_t http_server_port(const struct http_server *s);

/* Connections that are open, and requests that were handed over and whose replies are not sent yet.
 */
size_t http_server_connections(struct http_server *s);
size_t http_server_running(struct http_server *s);

/* New connections are refused from now on; those that are open are served further, and closed with
 * their next reply. */
void http_server_stop_accepting(struct http_server *s);

/* Waits until what was handed over is answered and sent; false when that takes longer. */
bool http_server_drain(struct http_server *s, uint64_t timeout_ms);

/*
 * Closes everything. Requests that are not answered yet stay valid for whoever holds them: their
 * http_respond() is still to be called and does nothing. No callback comes any more. NULL is fine.
 */
void http_server_free(struct http_server *s);
DEFINE_CLEANUP(struct http_server *, http_server_free)

/*
 * Answers a request and lets go of it: r is gone afterwards. Any thread. When it was too late (the
 * timeout has been answered, the client has gone, the server was freed) the reply is dropped.
 */
void http_respond(struct http_request *r, const struct http_reply *reply);

/*
 * A certificate and its key (PEM files), and with cafile (else NULL) the authorities that clients
 * need a certificate of. TLS 1.2 and 1.3. -ERR_NOT_FOUND, -ERR_IO, -ERR_INPUT, naming the file.
 */
int http_tls_new(const char *certfile, const char *keyfile, const char *cafile,
	struct http_tls **out, struct err *err) MUST_CHECK;

/* Reads the files anew for connections from now on. On failure everything stays as it was. Any
 * thread. */
int http_tls_reload(struct http_tls *t, struct err *err) MUST_CHECK;

/* After the servers that use it. NULL is fine. */
void http_tls_free(struct http_tls *t);
DEFINE_CLEANUP(struct http_tls *, http_tls_free)

/* Lets this process have as many descriptors as it may: raises the soft limit to the hard one. */
int http_raise_fd_limit(struct err *err) MUST_CHECK;

#endif
