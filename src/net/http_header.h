/*
 * A header line, of a request or a reply.
 */
#ifndef NET_HTTP_HEADER_H
#define NET_HTTP_HEADER_H

#include "base/base.h"

struct http_header {
	struct str name;
	struct str value; /* sent as it is, but for white space around it */
};

#endif
