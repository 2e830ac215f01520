/*
 * Answers as JSON: keys in the order of Clair 2.0.7, empty fields left out, bytes as Go's
 * encoding/json writes them, a newline at the end. Each function appends one whole answer.
 */
#ifndef API_RENDER_H
#define API_RENDER_H

#include "api/decode.h"
#include "store/store.h"

void render_error(struct str message, struct buf *out);

/* A layer that was posted. */
void render_posted_layer(const struct layer_body *layer, unsigned engine_version, struct buf *out);
void render_layer(const struct layer_view *view, enum layer_part part, struct buf *out);

void render_namespaces(const struct stored_namespace *v, size_t n, struct buf *out);

/* What was sent, as it was understood. */
void render_sent_vulnerability(const struct vulnerability_body *v, struct buf *out);
void render_sent_feature(const struct feature_body *f, struct buf *out);
void render_vulnerability(const struct stored_vulnerability *v, bool with_fixes, struct buf *out);
/* next_page: a token, or empty. */
void render_vulnerabilities(
	const struct stored_vulnerability *v, size_t n, struct str next_page, struct buf *out);
void render_fixes(const struct stored_vulnerability *v, struct buf *out);

/* limit: as it was asked for. next_page: a token, or empty. */
void render_notification(const struct stored_notification *n, int64_t limit, struct str page,
	struct str next_page, struct buf *out);

#endif
