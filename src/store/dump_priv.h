/*
 * What writing and reading of dumps have in common: the form is told in dump.h.
 */
#ifndef STORE_DUMP_PRIV_H
#define STORE_DUMP_PRIV_H

#include "store/store_priv.h"

#define DUMP_MAGIC "CLAIRDB\n"

enum { DUMP_VERSION = 1, DUMP_HEAD_BYTES = 5 };

enum dump_kind { DUMP_SOURCE = 'S', DUMP_ADVISORY = 'A', DUMP_CVE = 'C', DUMP_END = 'E' };

#endif
