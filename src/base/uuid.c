#include "base/base.h"

#include <errno.h>
#include <sys/random.h>

int uuid_random(char out[static UUID_TEXT_SIZE], struct err *err)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t bytes[16];
	ssize_t n;
	char *p = out;

	/* 16 bytes come whole once the kernel is ready (getrandom(2)). */
	do
		n = getrandom(bytes, sizeof(bytes), 0);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(bytes))
		return err_set_errno(err, ERR_IO, errno, "random bytes");
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[bytes[i] >> 4];
		*p++ = hex[bytes[i] & 0x0f];
	}
	*p = '\0';
	return 0;
}
