/*
 * image: opens what a user names as the target of a scan and says which layers it consists of.
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "codec/codec.h"
#include "sandbox/sandbox.h"

enum image_kind {
	IMAGE_AUTO, /* by content */
	IMAGE_DOCKER_ARCHIVE,
	IMAGE_OCI_LAYOUT,
	IMAGE_LAYER,
	IMAGE_DIRECTORY,
	IMAGE_KIND_COUNT
};

/* "docker-archive", "oci-layout", "layer", "dir": the words in front of the ":" of a target. */
const char *image_kind_to_str(enum image_kind k);

/* A platform as OCI names it: "linux", "arm64", "v8"; views. */
struct platform {
	struct str os;
	struct str architecture;
	struct str variant;
};

/* "linux/arm64/v8", also "arm64" alone (Linux is meant); -ERR_USAGE for anything else. Views in
 * text. */
int platform_parse(struct str text, struct platform *out, struct err *err) MUST_CHECK;
/* This machine's. */
struct platform platform_host(void);
/* Whether an image for `have` serves someone who wants `want`: what is empty in either does not
 * matter. */
bool platform_matches(const struct platform *want, const struct platform *have);

struct image_layer {
	struct str digest; /* "sha256:…" as the image claims it; empty for a bare layer */
	bool is_diff_id;   /* the digest is that of the uncompressed layer */
	struct str name;   /* of the member or file that holds it */
	uint64_t offset;   /* in the archive, when that is not streamed */
	uint64_t size;     /* as stored; UINT64_MAX when unknown */
};

struct image {
	struct str name;   /* the target, with the tag when there are several images */
	struct str digest; /* of the manifest (OCI) or configuration (docker save), computed; empty
			      for layer and dir */
	struct platform platform;
	VEC_OF(struct image_layer) layers; /* lowest first */
};

struct image_options {
	enum image_kind kind; /* IMAGE_AUTO to find out */
	const char *platform; /* NULL: the host's */
};

/* An opened target; opaque but for these. */
struct image_source {
	enum image_kind kind;
	const char *path;
	/*
	 * The archive is compressed as a whole: it can only be read through, by
	 * image_source_stream(), and its images are known only afterwards.
	 */
	bool streamed;
	uint64_t size; /* of the file in bytes; 0 for directories */
	VEC_OF(struct image) images;
};

/*
 * Opens a target: a path, with "docker-archive:", "oci-layout:", "layer:" or "dir:" in front to
 * force what it is, and for archives and layouts optionally ":TAG" behind to choose one of several
 * images. Reads manifests (but of a streamed one) and checks their digests. -ERR_NOT_FOUND,
 * -ERR_INPUT (damaged), -ERR_UNSUPPORTED (nothing that can be scanned), -ERR_MISMATCH, each naming
 * the target.
 */
int image_source_open(const char *target, const struct image_options *o, struct image_source **out,
	struct err *err) MUST_CHECK;
/* Closes the file, and keeps what images and layers point to. */
void image_source_release(struct image_source *source);
void image_source_close(struct image_source *source);
DEFINE_CLEANUP(struct image_source *, image_source_close)

/*
 * A descriptor (the caller's) from which the layer can be read by pread(2), at *offset. Not for
 * streamed sources. Thread-safe.
 */
int image_layer_open(const struct image_source *source, const struct image_layer *l,
	uint64_t *offset, uint64_t *size, struct err *err) MUST_CHECK;

/* A descriptor of the whole target file, owned by source; -1 for directories. */
int image_source_fd(const struct image_source *source);

/* Takes the members of a streamed archive that may be layers, one after the other. Codes below 0
 * end the reading. */
struct image_member_sink {
	int (*begin)(void *ctx, struct str name, uint64_t size, struct err *err);
	int (*data)(void *ctx, struct span bytes, struct err *err);
	int (*end)(void *ctx, struct err *err);
	void *ctx;
};

/*
 * Reads a streamed archive through, from `in` (its bytes as stored), and fills source->images. 1,
 * with nothing done, when it turns out to be no archive of images but a layer: source->kind is
 * IMAGE_LAYER then, source->images its one layer, and it is no longer streamed.
 */
int image_source_stream(struct image_source *source, struct stream *in,
	struct image_member_sink *sink, struct err *err) MUST_CHECK;

/* The name of the member that holds a layer named so: links in an archive resolved. */
struct str image_member_name(const struct image_source *source, struct str name);

/* Jobs, for the table of sandbox_start(). */
extern const struct sandbox_job image_index_job;
extern const struct sandbox_job image_unpack_job;
extern const struct sandbox_job image_document_job;

#endif
