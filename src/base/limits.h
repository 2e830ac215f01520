/*
 * Every limit on what input may make this program do, in one place, each with its reason. Sizes in
 * bytes.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdint.h>

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* A wanted file of a layer (a package database): the largest real ones are rpm databases of some
 * 150 MiB. */
#define LIMIT_WANTED_FILE (200 * MIB)
/* All wanted files of one layer that are held at once. */
#define LIMIT_WANTED_TOTAL (512 * MIB)
/* A release file (os-release and relatives): real ones are below 1 KiB, sources.list below 64 KiB.
 */
#define LIMIT_RELEASE_FILE (1 * MIB)
/* A distribution's id or version: real ones have below 30 bytes. Its name for people: below 100. */
#define LIMIT_RELEASE_WORD 128
#define LIMIT_RELEASE_NAME 256
/* How many wanted files one layer may hold (distroless keeps one file a package). */
#define LIMIT_WANTED_FILES 65536
/* A path, and a link's target, inside an archive: PATH_MAX of Linux, with room. */
#define LIMIT_PATH (16 * KIB)
/* How often a layer may grow when it is decompressed, counted from LIMIT_EXPANSION_FREE on: gzip
 * reaches 1032 only on constant bytes; real layers stay below 30. */
#define LIMIT_EXPANSION_RATIO 400
#define LIMIT_EXPANSION_FREE  (256 * MIB)
/* What one layer may decompress to. */
#define LIMIT_LAYER_UNCOMPRESSED (256 * GIB)
/* Memory of the xz decoder: level 9 needs 65 MiB. */
#define LIMIT_XZ_MEMORY (128 * MIB)
/* log2 of the zstd window: 27 is what the command-line tool accepts without --long. */
#define LIMIT_ZSTD_WINDOW_LOG 27

/* Packages in one database: a full distribution archive installed at once. */
#define LIMIT_PACKAGES 200000
/* A text field of a package (name, version, …). */
#define LIMIT_PACKAGE_FIELD (4 * KIB)
/* The header of one package in an rpm database; rpm itself allows 256 MiB, real ones reach 40 MiB
 * (kernels). */
#define LIMIT_RPM_HEADER (64 * MIB)

/* A version string: the longest real ones have some 150 bytes. */
#define LIMIT_VERSION (4 * KIB)

/* JSON nesting; real feeds and manifests stay below 20. */
#define LIMIT_JSON_DEPTH 64
/* One JSON string or number: descriptions reach some 100 KiB. */
#define LIMIT_JSON_TOKEN (4 * MIB)

/* A manifest, index or image configuration: registries accept 4 MiB. */
#define LIMIT_MANIFEST (4 * MIB)
/* All manifests and configurations of a compressed archive that are kept while it is read through.
 */
#define LIMIT_DOCUMENTS_TOTAL (64 * MIB)
/* Layers of an image: overlayfs stops at 500, Docker at 127. */
#define LIMIT_LAYERS 1024
/* Images in one archive: docker save of all that a machine has. Each costs some workers. */
#define LIMIT_IMAGES 1024
/* Members of an image archive (two or three a layer). */
#define LIMIT_ARCHIVE_MEMBERS 65536

/* The facts of one layer as a worker hands them over: 200,000 packages at some 100 bytes, with
 * room. */
#define LIMIT_FACTS (64 * MIB)

/* The facts of all layers of all images of one target together, in the main process. */
#define LIMIT_TARGET_FACTS (512 * MIB)

/* Bytes of paths that are looked up while the layers of an image are put together: real images need
 * below 1 MiB, one with 65,536 files in status.d some 50 MiB. */
#define LIMIT_VIEW_WORK (1 * GIB)

/* A worker process: memory beyond what the program itself maps, and processor time: a fixed part,
 * and for each 10 MiB of input one second more. */
#define LIMIT_WORKER_MEMORY          (1 * GIB)
#define LIMIT_WORKER_CPU_S           120
#define LIMIT_WORKER_CPU_BYTES_PER_S (10 * MIB)

/* How long a worker may be silent: far more than any step of a job takes on a busy machine. */
#define LIMIT_WORKER_SILENCE_S 600

/* A feed, as it comes and decompressed: today's largest are some 500 MiB of JSON. */
#define LIMIT_FEED_DOWNLOAD     (2 * GIB)
#define LIMIT_FEED_UNCOMPRESSED (16 * GIB)
/* A description or other text of an advisory. */
#define LIMIT_ADVISORY_TEXT (1 * MIB)
/* All puts of one advisory together, with their fixes: the largest real ones (kernel advisories
 * that name each package of each architecture) stay below 1 MiB. */
#define LIMIT_ADVISORY_RECORD (16 * MIB)
/* Namespaces that one update may name: all releases of all distributions are some hundred. */
#define LIMIT_NAMESPACES 4096
/* Downloads: time to connect, and how long a server may send fewer than 1,000 bytes a second. */
#define LIMIT_CONNECT_S 30
#define LIMIT_STALL_S   60
#define LIMIT_REDIRECTS 10
/* All header lines of a request's responses together, and what a download holds that was not read:
 * some of curl's buffers. */
#define LIMIT_HTTP_HEAD   (256 * KIB)
#define LIMIT_HTTP_BUFFER (256 * KIB)

/* Memory that a database connection, and the staging of an update, may use for pages. */
#define LIMIT_STORE_CACHE   (8 * MIB)
#define LIMIT_STAGING_CACHE (8 * MIB)
/* Characters of a layer's name: what the original's column holds. */
#define LIMIT_LAYER_NAME 128
/* How long a thread waits for a connection of a pool: longer than any request should take. */
#define LIMIT_POOL_WAIT_MS 30000
/* How long a call waits for other writers: the commit of the largest feed takes some 2 s. */
#define LIMIT_STORE_BUSY_MS 30000
/* A PostgreSQL server: how long it may take to connect to a host, how long the network may be
 * silent, how long a statement may run (for a read of the largest layer some 0.1 s), and one of an
 * update or migration, on a slow disk. */
#define LIMIT_PGSQL_CONNECT_S   10
#define LIMIT_PGSQL_SILENCE_MS  30000
#define LIMIT_PGSQL_STATEMENT_S 60
#define LIMIT_PGSQL_UPDATE_S    1800
/* How often a transaction is tried that others get in the way of: a race is lost once. */
#define LIMIT_PGSQL_ATTEMPTS 5
/* Names that PostgreSQL is to find: a row of an index may have 2,704 bytes; real ones stay below
 * 200.
 */
#define LIMIT_PGSQL_NAME 1024
/* What one statement may be asked with: 200,000 packages at some 1 KiB. */
#define LIMIT_PGSQL_ARRAYS (256 * MIB)
/* Rows that are gathered before they are sent. */
#define LIMIT_PGSQL_COPY (512 * KIB)
/* Matches of one image: a large one with an old kernel has some 20,000; an image may list any
 * number of versions of the package that has most. */
#define LIMIT_MATCHES 200000
/* Superseded and withdrawn advisories are kept this long. */
#define LIMIT_DELETED_ADVISORY_S (90LL * 24 * 3600)
/* Notifications that were dealt with are kept this long: who is late may still ask for one. */
#define LIMIT_DELETED_NOTIFICATION_S (90LL * 24 * 3600)
/* Facts of layers that are kept: some thousands of images; the oldest are dropped. */
#define LIMIT_FACTS_TOTAL (256 * MIB)
#define LIMIT_FACTS_COUNT 65536
/* Digests of files that are kept, at some 100 bytes each. */
#define LIMIT_FILE_DIGESTS 65536

#endif
