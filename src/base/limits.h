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
/* XML nesting; criteria of OVAL are some 20 deep. */
#define LIMIT_XML_DEPTH 128
/* One XML text or tag: descriptions reach some 100 KiB. */
#define LIMIT_XML_TOKEN (4 * MIB)

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

/* A layer that is posted to the server: its download, as it comes; how long its server may send
 * fewer than 1,000 bytes a second; and how long it may take in all: a large layer over a slow line.
 */
#define LIMIT_LAYER_DOWNLOAD (64 * GIB)
#define LIMIT_LAYER_STALL_S  60
#define LIMIT_LAYER_TIME_S   3600
/* How long such a layer waits for its turn when headers come with it: the tokens in them are mostly
 * good for 60 s, Quay's among them. */
#define LIMIT_LAYER_WAIT_S 45
/* Threads that index layers, each with a worker. */
#define LIMIT_INDEX_THREADS 64
/* Paths that links of a chain of layers lead to, for which one layer is searched: a worker's
 * parameters have 64 KiB. */
#define LIMIT_EXTRA_PATHS (48 * KIB)
/* The facts of all layers that are indexed at once, and of those below them. */
#define LIMIT_INDEX_FACTS (1 * GIB)
/* A feature's name or version: real ones stay below 200 bytes, and a row of a database's index
 * holds some 2,700. */
#define LIMIT_FEATURE_TEXT 512

/* A worker process: memory beyond what the program itself maps, and processor time: a fixed part,
 * and for each 10 MiB of input one second more. */
#define LIMIT_WORKER_MEMORY          (1 * GIB)
#define LIMIT_WORKER_CPU_S           120
#define LIMIT_WORKER_CPU_BYTES_PER_S (10 * MIB)

/* How long a worker may be silent: far more than any step of a job takes on a busy machine. */
#define LIMIT_WORKER_SILENCE_S 600

/* A feed, as it comes and decompressed: archives of VEX documents expand some 25 times, the largest
 * others are some 500 MiB of JSON. */
#define LIMIT_FEED_DOWNLOAD     (2 * GIB)
#define LIMIT_FEED_UNCOMPRESSED (64 * GIB)
/* What an update remembers of the documents of its source: some hundred, a line each. */
#define LIMIT_FEED_DOCUMENTS (4 * MIB)
/* Attempts of a download that make no progress, and the wait before the second, which doubles. */
#define LIMIT_FETCH_ATTEMPTS 4
#define LIMIT_FETCH_WAIT_MS  1000
/* Names of documents at one place: SUSE's page of OVAL files has some 200 KiB. */
#define LIMIT_LISTING (16 * MIB)
/* What is held of the records of a feed to find those that are named twice: Photon's branches have
 * some 2 MiB. */
#define LIMIT_FEED_INDEX (32 * MIB)
/* What is kept of one OVAL document: of the largest real ones some 40 MiB. */
#define LIMIT_OVAL (256 * MIB)
/* A description or other text of an advisory. */
#define LIMIT_ADVISORY_TEXT (1 * MIB)
/* All puts of one advisory together, with their fixes: the largest real ones (kernel advisories
 * that name each package of each architecture) stay below 1 MiB. */
#define LIMIT_ADVISORY_RECORD (16 * MIB)
/* A CSAF document: its product ids, of which a kernel's has some 50,000, and the text of them; both
 * at their limit take some 60 MiB. */
#define LIMIT_CSAF_PRODUCTS 200000
#define LIMIT_CSAF_TEXT     (32 * MIB)
/* Documents of a CSAF repository that changed since its archive was made: it has some 50,000. */
#define LIMIT_CSAF_CHANGES 500000
/* Namespaces that one update may name: all releases of all distributions are some hundred. */
#define LIMIT_NAMESPACES 4096
/* What a program that was started said last, kept for messages. */
#define LIMIT_PROCESS_SAID (4 * KIB)
/* A mirror of a git repository: its largest file (years of the Ubuntu tracker have 2 GiB), the
 * files of one commit (the tracker has 80,000 of some 5 KiB), and one of them. */
#define LIMIT_GIT_PACK  (16 * GIB)
#define LIMIT_GIT_FILES 1000000
#define LIMIT_GIT_FILE  (16 * MIB)
/* How long git may be silent: it tells its progress, but a large repository is prepared in silence.
 */
#define LIMIT_GIT_SILENCE_S 900
/* Downloads: time to connect, and how long a server may send fewer than 1,000 bytes a second. */
#define LIMIT_CONNECT_S 30
#define LIMIT_STALL_S   60
#define LIMIT_REDIRECTS 10
/* A whole download: slow servers that send just enough not to count as silent. */
#define LIMIT_DOWNLOAD_S (6 * 3600)
/* Telling a webhook of a notification, from connecting to its answer: what the original allows. */
#define LIMIT_POST_MS 5000
/* Header lines that a caller wants sent with a download: servers refuse more than 8 to 64 KiB. */
#define LIMIT_REQUEST_HEADERS (64 * KIB)
/* All header lines of a request's responses together, and what a download holds that was not read:
 * some of curl's buffers. */
#define LIMIT_HTTP_HEAD   (256 * KIB)
#define LIMIT_HTTP_BUFFER (256 * KIB)

/* A message or a value in a line of the log: real ones stay below 1 KiB, but they may quote what
 * somebody sent. A line with all its fields stays below 512 KiB. */
#define LIMIT_LOG_VALUE  (4 * KIB)
#define LIMIT_LOG_FIELDS 16

/* A Fernet token, as text: those of pages have some 200 bytes. */
#define LIMIT_FERNET_TOKEN (8 * KIB)

/* Series of one family of metrics: each route with each status it gives is some 200; and the value
 * of a label. */
#define LIMIT_METRIC_SERIES 1000
#define LIMIT_METRIC_LABEL  128

/* Connections to the server at one time: each has a descriptor and some KiB. Further ones wait in
 * the system's queue, of at most so many. */
#define LIMIT_HTTP_CONNECTIONS 16384
#define LIMIT_HTTP_BACKLOG     1024
/* With more connections than that, a connection ends after its reply: one that has had a request
 * takes 17 KiB for as long as it stays, a fresh one 5 KiB. 10,000 take at most 95 MiB. */
#define LIMIT_HTTP_KEPT 4096
/* Those of the health check's own server: probes are few. */
#define LIMIT_HEALTH_CONNECTIONS 64
/* Descriptors that the server's connections leave to databases, downloads and workers: a worker
 * thread needs some ten. */
#define LIMIT_FDS_RESERVED 512
/* What libmicrohttpd holds for a connection: the head of a request has to fit, with 64 bytes more
 * for each header, and the head of the reply. Quay's requests have heads below 2 KiB. */
#define LIMIT_HTTP_CONNECTION_MEMORY (16 * KIB)
/* What is kept of a request's body: the original reads as much. All bodies together: far more than
 * the requests that can run at one time. */
#define LIMIT_HTTP_BODY         (1 * MIB)
#define LIMIT_HTTP_BODIES_TOTAL (256 * MIB)
/* How long the sending of a reply may take: 10 MiB at 140 kbit/s. */
#define LIMIT_HTTP_SEND_S 600
/* A file of certificates: all authorities of Debian have some 220 KiB. */
#define LIMIT_TLS_FILE (1 * MIB)

/* One answer: a layer with LIMIT_MATCHES matches has some 100 MiB. */
#define LIMIT_API_ANSWER (256 * MIB)
/* Answers about layers that are kept: real ones have 20 KiB … 2 MiB. */
#define LIMIT_API_CACHE (32 * MIB)
/* What one page holds, whatever its limit asks for: vulnerabilities at some 500 bytes, layers of a
 * notification at some 200. The next page goes on from there. */
#define LIMIT_API_PAGE_VULNERABILITIES 10000
#define LIMIT_API_PAGE_LAYERS          100000
/* What a client is told to wait when the server is busy. */
#define LIMIT_API_RETRY_AFTER_S 5
/* A connection without requests, and the sending of a request: clients keep connections for less
 * than the former; the latter lets a body arrive at 20 KiB/s. */
#define LIMIT_API_IDLE_S     120
#define LIMIT_API_RECEIVE_MS 60000
/* A health check: probes give up after 1 … 10 s. */
#define LIMIT_API_HEALTH_MS 5000

/* Requests of the API that wait for a thread, and posted layers that do: each takes some KiB. */
#define LIMIT_API_QUEUE   1024
#define LIMIT_INDEX_QUEUE 1024
/* How long a stop of the service lets layers and then requests finish. Docker kills 10 s after it
 * asked. */
#define LIMIT_STOP_MS       6000
#define LIMIT_STOP_DRAIN_MS 2000
/* How long a stop takes in all: it waits for statements of a database, which may have stopped
 * answering. What is lost then is what a crash would lose: nothing that was answered. */
#define LIMIT_STOP_ALL_MS 15000

/* Memory that a connection to a database file may use for its pages. The service has ten, and
 * neither its answers nor an update get faster by more. */
#define LIMIT_STORE_CACHE (2 * MIB)
/* The same for the staging of an update. */
#define LIMIT_STAGING_CACHE (8 * MIB)
/* Sources in one file of everything: each is staged in a temporary file of its own. */
#define LIMIT_DUMP_SOURCES 64
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
/* Texts of the vulnerabilities of a layer: LIMIT_MATCHES real ones have below 100 MiB. Texts of one
 * page of a list; escaped, they are some times as long in an answer. */
#define LIMIT_VIEW_TEXTS (128 * MIB)
#define LIMIT_PAGE_TEXTS (32 * MIB)
/* What a feed remembers of its documents: 10,000 of them at some 300 bytes; and why it failed. */
#define LIMIT_SOURCE_DOCUMENTS (16 * MIB)
#define LIMIT_SOURCE_ERROR     (2 * KIB)
/* Superseded and withdrawn advisories are kept this long. */
#define LIMIT_DELETED_ADVISORY_S (90LL * 24 * 3600)
/* Notifications that were dealt with are kept this long: who is late may still ask for one. */
#define LIMIT_DELETED_NOTIFICATION_S (90LL * 24 * 3600)
/* Facts of layers that are kept: some thousands of images; the oldest are dropped. */
#define LIMIT_FACTS_TOTAL (256 * MIB)
#define LIMIT_FACTS_COUNT 65536
/* Digests of files that are kept, at some 100 bytes each. */
#define LIMIT_FILE_DIGESTS 65536

/* A configuration file: real ones are below 10 KiB. */
#define LIMIT_CONFIG (256 * KIB)
/* How deep its mappings and lists may be nested: real ones are at 7. */
#define LIMIT_CONFIG_DEPTH 32
/* Keys and values of it, counting what is merged in by "<<" each time: real ones have some 100. */
#define LIMIT_CONFIG_NODES 16384
/* Errors and warnings about it that are kept; the rest is counted. */
#define LIMIT_CONFIG_PROBLEMS 100

#endif
