/*
 * Page tokens.
 */
#include "../test.h"

#include "api/token.h"

static struct fernet_key key(void)
{
	struct fernet_key k;

	memset(k.bytes, 7, sizeof(k.bytes));
	return k;
}

static void an_id_comes_back(void **state)
{
	_cleanup_buf_ struct buf token = BUF_INIT(LIMIT_FERNET_TOKEN);
	_cleanup_err_ struct err err = ERR_INIT;
	struct fernet_key k = key();
	int64_t id = 0;

	(void)state;
	assert_ok(token_write_id(&k, 42, &token, &err), &err);
	assert_ok(token_read_id(&k, buf_str(&token), &id, &err), &err);
	assert_int_equal(id, 42);
}

static void a_page_comes_back(void **state)
{
	_cleanup_buf_ struct buf token = BUF_INIT(LIMIT_FERNET_TOKEN);
	_cleanup_err_ struct err err = ERR_INIT;
	struct fernet_key k = key();
	struct notification_page page = { .old_id = 3, .new_id = -1 }, read = { 0 };

	(void)state;
	assert_ok(token_write_page(&k, page, &token, &err), &err);
	assert_ok(token_read_page(&k, buf_str(&token), &read, &err), &err);
	assert_int_equal(read.old_id, 3);
	assert_int_equal(read.new_id, -1);
}

static void tokens_hold_what_the_original_holds(void **state)
{
	_cleanup_buf_ struct buf token = BUF_INIT(LIMIT_FERNET_TOKEN), plain = BUF_INIT(KIB);
	_cleanup_err_ struct err err = ERR_INIT;
	struct fernet_key k = key();

	(void)state;
	assert_ok(token_write_id(&k, 3, &token, &err), &err);
	assert_ok(fernet_decrypt(&k, buf_str(&token), 60, clock_wall_s(), &plain, &err), &err);
	assert_str(buf_str(&plain), "3\n");
	buf_clear(&token);
	buf_clear(&plain);
	assert_ok(token_write_page(&k, (struct notification_page){ .old_id = 0, .new_id = -1 },
			  &token, &err),
		&err);
	assert_ok(fernet_decrypt(&k, buf_str(&token), 60, clock_wall_s(), &plain, &err), &err);
	assert_str(buf_str(&plain), "{\"OldVulnerability\":0,\"NewVulnerability\":-1}\n");
}

static void foreign_old_and_other_tokens_are_refused(void **state)
{
	_cleanup_buf_ struct buf token = BUF_INIT(LIMIT_FERNET_TOKEN);
	_cleanup_err_ struct err err = ERR_INIT;
	static const char invalid[] = "invalid page format: invalid or expired pagination token";
	struct fernet_key k = key(), other = key();
	struct notification_page page;
	int64_t id;

	(void)state;
	assert_fails(token_read_id(&k, STR(""), &id, &err), &err, ERR_INPUT, invalid);
	assert_fails(token_read_id(&k, STR("garbage"), &id, &err), &err, ERR_INPUT, invalid);
	other.bytes[0] ^= 1;
	assert_ok(token_write_id(&other, 1, &token, &err), &err);
	assert_fails(token_read_id(&k, buf_str(&token), &id, &err), &err, ERR_INPUT, invalid);
	buf_clear(&token);
	assert_ok(
		fernet_encrypt(&k, span_from_str(STR("1\n")), clock_wall_s() - 3700, &token, &err),
		&err);
	assert_fails(token_read_id(&k, buf_str(&token), &id, &err), &err, ERR_INPUT, invalid);
	buf_clear(&token);
	assert_ok(token_write_id(&k, 1, &token, &err), &err);
	assert_fails(token_read_page(&k, buf_str(&token), &page, &err), &err, ERR_INPUT,
		"invalid page format: json: cannot unmarshal number into Go value of type "
		"database.VulnerabilityNotificationPageNumber");
	buf_clear(&token);
	assert_ok(token_write_page(
			  &k, (struct notification_page){ .old_id = 0, .new_id = 0 }, &token, &err),
		&err);
	assert_fails(token_read_id(&k, buf_str(&token), &id, &err), &err, ERR_INPUT,
		"invalid page format: json: cannot unmarshal object into Go value of type int");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_comes_back),
		cmocka_unit_test(a_page_comes_back),
		cmocka_unit_test(tokens_hold_what_the_original_holds),
		cmocka_unit_test(foreign_old_and_other_tokens_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
