/*
 * Page tokens: where a page starts, as JSON in a Fernet token that instances with the same key
 * share, Clair 2.0.7 among them. Valid for an hour.
 */
#ifndef API_TOKEN_H
#define API_TOKEN_H

#include "codec/codec.h"
#include "store/store.h"

/* Appends a token. Fails as fernet_encrypt(). */
int token_write_id(
	const struct fernet_key *key, int64_t id, struct buf *out, struct err *err) MUST_CHECK;
int token_write_page(const struct fernet_key *key, struct notification_page page, struct buf *out,
	struct err *err) MUST_CHECK;

/* -ERR_INPUT with the message for the client. */
int token_read_id(
	const struct fernet_key *key, struct str token, int64_t *out, struct err *err) MUST_CHECK;
int token_read_page(const struct fernet_key *key, struct str token, struct notification_page *out,
	struct err *err) MUST_CHECK;

#endif
