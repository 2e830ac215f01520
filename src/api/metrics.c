/*
 * Metrics, as Prometheus reads them.
 */
#include "api/api_priv.h"

int metrics_get(struct call *c, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(LIMIT_API_ANSWER);

	metrics_write_all(&text);
	int r = buf_check(&text, "metrics", err);
	if (r < 0)
		return store_failure(err);
	return call_reply(c, &(struct http_reply){
				     .status = 200,
				     .content_type = "text/plain; version=0.0.4",
				     .body = buf_span(&text),
				     .gzip_allowed = true,
				     .no_server_header = true,
			     });
}
