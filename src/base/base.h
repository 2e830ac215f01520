/*
 * base: the vocabulary that every other folder speaks. This is its one public header; include it
 * first.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/cpu_profile.h"
#include "base/err.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/metrics.h"
#include "base/parallel.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/process.h"
#include "base/siphash.h"
#include "base/sleeper.h"
#include "base/str.h"
#include "base/stream.h"
#include "base/text.h"
#include "base/thread.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "base/vec.h"
#include "base/work_queue.h"

#include "base/banned.h"

#endif
