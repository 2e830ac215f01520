/*
 * Internals of image/.
 */
#ifndef IMAGE_IMAGE_PRIV_H
#define IMAGE_IMAGE_PRIV_H

#include "image/image.h"

/* --- document.c: manifests
 * -------------------------------------------------------------------------------- */

/* A content descriptor of OCI (descriptor.md), as far as it matters. */
struct descriptor {
	struct str media_type;
	struct str digest;
	uint64_t size;
	struct platform platform;
	struct str ref_name; /* annotation org.opencontainers.image.ref.name, or
				io.containerd.image.name */
};

DEFINE_VEC(descriptor_vec, struct descriptor);

/* An element of docker save's manifest.json. */
struct docker_image {
	struct str config; /* name of a member */
	struct str_vec tags;
	struct str_vec layers; /* names of members */
};

/* Any of: an OCI index or manifest, an image configuration, docker save's manifest.json. What is
 * absent is empty. */
struct document {
	struct arena arena;
	struct str media_type;
	struct descriptor config;
	struct descriptor_vec manifests;
	struct descriptor_vec layers;
	struct platform platform;
	struct str_vec diff_ids;
	VEC_OF(struct docker_image) docker_images;
	bool is_docker_manifest;
};

void document_init(struct document *d);
void document_fini(struct document *d);

/* The pure part: reads JSON. d is initialized. */
int document_parse(struct stream *in, struct document *d, struct err *err) MUST_CHECK;

/* The byte form that leaves the worker. d is initialized. */
void document_encode(const struct document *d, struct buf *out);
int document_decode(struct span encoded, struct document *d, struct err *err) MUST_CHECK;

/* The same in a worker; `name` is for messages. */
int document_read(
	struct span content, struct str name, struct document *d, struct err *err) MUST_CHECK;

/* --- archive.c: members
 * ------------------------------------------------------------------------------------ */

struct member {
	struct str name; /* normalized */
	struct str link; /* target of a link, normalized; empty for a file */
	uint64_t offset;
	uint64_t size;
	struct str content; /* of a streamed member that was kept as a document */
	bool is_document;
};

struct members {
	struct arena arena;
	struct map by_name;
	struct str root; /* the directory of the archive that everything is in; mostly empty */
	size_t n;
	uint64_t document_bytes;
};

void members_init(struct members *m);
void members_fini(struct members *m);

/* Finds the directory that a layout lies in, when it was packed together with it. */
void members_find_root(struct members *m);

/* The member of that name, links followed; NULL when there is none. */
const struct member *members_get(const struct members *m, struct str name);

/*
 * Lists the members of an uncompressed archive. 1 when it does not look like an archive of images
 * (by its first entry), unless `force`.
 */
int archive_index(
	int fd, uint64_t size, bool force, struct members *out, struct err *err) MUST_CHECK;

/* Reads a compressed archive through: documents are kept in *out, what may be layers goes to the
 * sink. 1 as above. */
int archive_stream(struct stream *in, uint64_t size, bool force, struct members *out,
	struct image_member_sink *sink, struct err *err) MUST_CHECK;

/* --- open.c, docker.c, oci.c
 * -------------------------------------------------------------------------------- */

struct source {
	struct image_source public; /* first */
	struct arena arena;
	int fd;            /* file, or directory (O_PATH) */
	bool is_directory; /* an OCI layout in a directory */
	bool forced;
	struct str target; /* as the user wrote it */
	struct str tag;    /* of the image wanted; empty: all */
	struct platform want;
	bool platform_given;
	struct members members;
};

/* A manifest or configuration by name, at most LIMIT_MANIFEST bytes; -ERR_NOT_FOUND when there is
 * none. */
int source_document(struct source *s, struct str name, struct buf *out, struct err *err) MUST_CHECK;

/* Whether a file of that name is there. */
bool source_has(const struct source *s, struct str name);

/* Fill public.images. */
int docker_resolve(struct source *s, struct err *err) MUST_CHECK;
int oci_resolve(struct source *s, struct err *err) MUST_CHECK;

/* Adds an image with this name (the target's own when it is the only one is for the caller to
 * decide). */
struct image *source_add_image(struct source *s, struct str name);

/* Whether there may be one more. */
int source_check_images(const struct source *s, struct err *err) MUST_CHECK;

#endif
