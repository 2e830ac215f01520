/*
 * Fernet for fernet_python.py: "encrypt KEY TEXT" or "decrypt KEY TOKEN", the result on standard
 * output; 1 when there is none.
 */
#include "base/base.h"

#include "codec/codec.h"

int main(int argc, char **argv)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	struct fernet_key key;

	if (argc != 4)
		return 2;
	struct str in = str_of(argv[3]);
	int r = fernet_key_parse(str_of(argv[2]), &key, &err);
	if (r == 0 && str_eq(str_of(argv[1]), STR("encrypt")))
		r = fernet_encrypt(&key, span_from_str(in), clock_wall_s(), &out, &err);
	else if (r == 0)
		r = fernet_decrypt(&key, in, 60, clock_wall_s(), &out, &err);
	if (r < 0) {
		(void)fprintf(stderr, "%s\n", err_msg(&err));
		return 1;
	}
	return printf("%s", buf_cstr(&out)) < 0;
}
