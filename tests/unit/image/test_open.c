/*
 * Opening targets: what they are taken for, which images and layers they hold. Archives are written
 * here, in the short form of tar_make.h.
 */
#include "../test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "../tar_make.h"
#include "image/image.h"

#define D1  "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2  "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"
#define CONFIG(ids) \
	"{\"os\":\"linux\",\"architecture\":\"arm64\",\"rootfs\":{\"diff_ids\":[" ids "]}}"

static char folder[] = "/tmp/clair-test-XXXXXX";
static char target[128];

/* The file that each test has, with this archive in it. */
static void write_target(struct span content)
{
	struct err err = ERR_INIT;
	_cleanup_close_ int fd = -1;

	(void)snprintf(target, sizeof(target), "%s/target.tar", folder);
	fd = io_open(target, O_WRONLY | O_CREAT | O_TRUNC, 0600, &err);
	assert_true(fd >= 0);
	assert_ok(io_write_all(fd, content.p, content.n, target, &err), &err);
}

static void write_archive(const char *entries)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB);

	tar_make(&tar, entries);
	write_target(buf_span(&tar));
}

static int open_as(const char *prefix, const char *suffix, const char *platform,
	struct image_source **s, struct err *err)
{
	const struct image_options o = { .platform = platform };
	_cleanup_free_ char *name = NULL;

	assert_true(asprintf(&name, "%s%s%s", prefix, target, suffix) >= 0);
	return image_source_open(name, &o, s, err);
}

static const char two_images[] =
	"f manifest.json [{\"Config\":\"a.json\",\"RepoTags\":[\"r:5000/a:1\"],\"Layers\":[\"x/layer.tar\",\"y.tar\"]},"
	"{\"Config\":\"b.json\",\"RepoTags\":[\"b:2\",\"b:latest\"],\"Layers\":[\"./x/layer.tar\"]}]\n"
	"f a.json " CONFIG(
		"\"" D1 "\",\"" D2
		"\"") "\n"
		      "f b.json " CONFIG(
			      "\"" D1
			      "\"") "\n"
				    "f x/layer.tar first\nl y.tar x/../z.tar\nf z.tar second\n";

/* The content of a layer, which the source's descriptors lead to. */
static void assert_layer(
	const struct image_source *s, const struct image_layer *l, const char *content)
{
	struct err err = ERR_INIT;
	uint64_t offset, size;
	char p[64];
	_cleanup_close_ int fd = image_layer_open(s, l, &offset, &size, &err);

	if (fd < 0)
		fail_msg("%s", err_msg(&err));
	assert_int_equal(size, strlen(content));
	assert_int_equal(io_pread_full(fd, p, size, offset, "layer", &err), size);
	assert_memory_equal(p, content, size);
}

static void test_images_of_an_archive(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct image_source *s;
	char name[200];

	write_archive(two_images);
	assert_ok(open_as("", "", NULL, &s, &err), &err);
	assert_int_equal(s->kind, IMAGE_DOCKER_ARCHIVE);
	assert_false(s->streamed);
	assert_int_equal(s->images.n, 2);
	const struct image *a = &s->images.v[0];
	(void)snprintf(name, sizeof(name), "%s (r:5000/a:1)", target);
	assert_str(a->name, name);
	assert_str(a->platform.architecture, "arm64");
	assert_int_equal(a->layers.n, 2);
	assert_str(a->layers.v[0].digest, D1);
	assert_true(a->layers.v[0].is_diff_id);
	assert_str(a->layers.v[1].name, "z.tar");
	assert_layer(s, &a->layers.v[0], "first");
	assert_layer(s, &a->layers.v[1], "second");
	assert_str(image_member_name(s, STR("y.tar")), "z.tar");
	assert_str(image_member_name(s, STR("unknown")), "unknown");
	assert_true(image_source_fd(s) >= 0);
	image_source_close(s);
	image_source_close(NULL);
}

static void test_tag_chooses_an_image(void **state UNUSED)
{
	static const struct {
		const char *suffix;
		size_t layers;
	} cases[] = { { ":1", 2 }, { ":r:5000/a:1", 2 }, { ":b:2", 1 }, { ":latest", 1 } };
	struct image_source *s;
	struct err err = ERR_INIT;

	write_archive(two_images);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_ok(open_as(i % 2 ? "" : "docker-archive:", cases[i].suffix, NULL, &s, &err),
			&err);
		assert_int_equal(s->images.n, 1);
		assert_int_equal(s->images.v[0].layers.n, cases[i].layers);
		image_source_close(s);
	}
	assert_fails(open_as("", ":3", NULL, &s, &err), &err, ERR_NOT_FOUND,
		"there is no image \"3\" in it");
	assert_fails(open_as("", ":", NULL, &s, &err), &err, ERR_NOT_FOUND, "No such file");
}

static void test_target_is_taken_for_what_its_first_entry_says(void **state UNUSED)
{
	static const struct {
		const char *first;
		bool layer;
	} cases[] = {
		{ "f etc/os-release ", true },
		{ "d blobs/\nf blobs/sha256/x y", false },
		{ "d blobs/", true },
		{ "f oci-layout {}", false },
		{ "f repositories {}", false },
		{ "f index.json {\"manifests\":[]}", false },
		{ "f " HEX ".json {}", false },
		{ "d " HEX "/\nf " HEX "/layer.tar x", false },
		{ "f sha256:" HEX " x", false },
		{ "f 0" HEX " x", false },
		{ "f 0123456789abcdef x", true },
		{ "f x" HEX " x", true },
		{ "d blob", true },
		{ "f x/manifest.json x", false },
		{ "f x/y/manifest.json x", true },
		{ "d ./", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *entries = NULL;
		struct err err = ERR_INIT;
		struct image_source *s;

		/* An archive whose list has no image, behind that entry. */
		assert_true(asprintf(&entries, "%s\nf etc/x y\nf manifest.json []\n",
				    cases[i].first) >= 0);
		write_archive(entries);
		int r = open_as("", "", NULL, &s, &err);
		if ((r == 0) != cases[i].layer)
			fail_msg("%s: %s", cases[i].first, err_msg(&err));
		if (r == 0) {
			assert_int_equal(s->kind, IMAGE_LAYER);
			assert_int_equal(s->images.n, 1);
			assert_str(s->images.v[0].name, target);
			assert_int_equal(s->images.v[0].layers.v[0].digest.n, 0);
			image_source_close(s);
		} else {
			assert_int_equal(err.code, ERR_INPUT);
			assert_non_null(strstr(err_msg(&err), "lists no images"));
		}
		err_clear(&err);
	}
}

/* Of several directories with a layout always the same one is taken. */
static void test_archive_inside_a_directory(void **state UNUSED)
{
	_cleanup_buf_ struct buf entries = BUF_INIT(MIB);
	struct err err = ERR_INIT;
	struct image_source *s;

	for (int i = 40; i > 0; i--)
		buf_printf(&entries, "f d%02d/manifest.json %s\n", i,
			i > 1 ? "[]" : "[{\"Config\":\"c\",\"Layers\":[]}]");
	buf_printf(&entries, "f d01/c {}\n");
	write_archive(buf_cstr(&entries));
	assert_ok(open_as("", "", NULL, &s, &err), &err);
	assert_int_equal(s->images.n, 1);
	image_source_close(s);
}

static void test_prefix_forces_the_kind(void **state UNUSED)
{
	struct err err = ERR_INIT;
	struct image_source *s;

	write_archive(two_images);
	assert_ok(open_as("layer:", "", NULL, &s, &err), &err);
	assert_int_equal(s->kind, IMAGE_LAYER);
	assert_int_equal(s->images.v[0].layers.v[0].size, s->size);
	image_source_close(s);
	assert_fails(open_as("oci-layout:", "", NULL, &s, &err), &err, ERR_NOT_FOUND,
		"index.json is not in it");
	assert_fails(open_as("dir:", "", NULL, &s, &err), &err, ERR_UNSUPPORTED, "not a directory");
	assert_fails(open_as("layer:", ":1", NULL, &s, &err), &err, ERR_NOT_FOUND, "No such file");
	/* What does not look like an archive is one when it is called so. */
	_cleanup_free_ char *entries = NULL;
	assert_true(asprintf(&entries, "f x y\n%s", two_images) >= 0);
	write_archive(entries);
	assert_ok(open_as("", "", NULL, &s, &err), &err);
	assert_int_equal(s->kind, IMAGE_LAYER);
	image_source_close(s);
	assert_ok(open_as("docker-archive:", "", NULL, &s, &err), &err);
	assert_int_equal(s->images.n, 2);
	image_source_close(s);
}

static void test_directories(void **state UNUSED)
{
	struct err err = ERR_INIT;
	const struct image_options o = { .kind = IMAGE_AUTO };
	struct image_source *s;
	char name[128];

	assert_ok(image_source_open(folder, &o, &s, &err), &err);
	assert_int_equal(s->kind, IMAGE_DIRECTORY);
	assert_int_equal(s->images.n, 1);
	assert_int_equal(s->images.v[0].layers.n, 0);
	assert_int_equal(image_source_fd(s), -1);
	image_source_close(s);
	(void)snprintf(name, sizeof(name), "layer:%s", folder);
	assert_fails(image_source_open(name, &o, &s, &err), &err, ERR_UNSUPPORTED,
		"a directory is no layer");
	(void)snprintf(name, sizeof(name), "oci-layout:%s", folder);
	assert_fails(image_source_open(name, &o, &s, &err), &err, ERR_NOT_FOUND, "index.json");
}

static void test_what_cannot_be_opened(void **state UNUSED)
{
	static const struct {
		const char *entries;
		enum err_code code;
		const char *text;
	} cases[] = {
		{ "f manifest.json {}\n", ERR_INPUT, "expected a list of images" },
		{ "f manifest.json [{\n", ERR_INPUT, "manifest.json: " },
		{ "f manifest.json [{\"Config\":\"c\"}]\n", ERR_NOT_FOUND, "c is not in it" },
		{ "f manifest.json [{\"Config\":\"c\",\"Layers\":[\"l\"]}]\nf c {}\nf l x\n",
			ERR_INPUT, "1 layers, but 0 of them in the configuration" },
		{ "f manifest.json [{\"Config\":\"c\",\"Layers\":[\"l\"]}]\nf c " CONFIG(
			  "\"" D1 "\"") "\n",
			ERR_INPUT, "layer l is not in the archive" },
		{ "f manifest.json [{\"Config\":\"c\",\"Layers\":[\"l\"]}]\nf c " CONFIG(
			  "\"md5:1\"") "\nf l x\n",
			ERR_UNSUPPORTED, "" },
		{ "f manifest.json [{\"Config\":\"c\",\"Layers\":[\"l\"]}]\nf c " CONFIG(
			  "\"" D1 "\"") "\nl l m\nl m l\n",
			ERR_INPUT, "layer l is not in the archive" },
	};
	struct err err = ERR_INIT;
	struct image_source *s;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_archive(cases[i].entries);
		int r = open_as("", "", NULL, &s, &err);
		assert_true(r < 0);
		if (cases[i].code != ERR_UNSUPPORTED)
			assert_int_equal(err.code, cases[i].code);
		if (!strstr(err_msg(&err), cases[i].text) || !strstr(err_msg(&err), target))
			fail_msg("%s", err_msg(&err));
		err_clear(&err);
	}
	write_target(span_n(NULL, 0));
	assert_fails(open_as("", "", NULL, &s, &err), &err, ERR_INPUT, "the file is empty");
	write_archive(two_images);
	assert_fails(open_as("", "", "linux/", &s, &err), &err, ERR_USAGE, "is no platform");
}

static void test_more_images_than_anybody_has_are_refused(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB), list = BUF_INIT(MIB);
	struct err err = ERR_INIT;
	struct image_source *s;

	buf_append_str(&list, STR("["));
	for (int i = 0; i <= LIMIT_IMAGES; i++)
		buf_append_str(&list, STR("{\"Config\":\"c\"},"));
	list.p[list.n - 1] = ']';
	tar_put_file(&tar, STR("manifest.json"), buf_str(&list));
	tar_put_file(&tar, STR("c"), STR("{}"));
	tar_end(&tar);
	write_target(buf_span(&tar));
	assert_fails(open_as("", "", NULL, &s, &err), &err, ERR_TOO_LARGE, "more than 1024 images");
}

static int make_folder(void **state UNUSED)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state UNUSED)
{
	(void)unlink(target);
	return rmdir(folder);
}

int main(void)
{
	static const struct sandbox_job *const jobs[] = { &image_index_job, &image_unpack_job,
		&image_document_job, NULL };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_images_of_an_archive),
		cmocka_unit_test(test_tag_chooses_an_image),
		cmocka_unit_test(test_target_is_taken_for_what_its_first_entry_says),
		cmocka_unit_test(test_archive_inside_a_directory),
		cmocka_unit_test(test_prefix_forces_the_kind),
		cmocka_unit_test(test_directories),
		cmocka_unit_test(test_what_cannot_be_opened),
		cmocka_unit_test(test_more_images_than_anybody_has_are_refused),
	};
	struct err err = ERR_INIT;

	if (sandbox_start(jobs, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err_msg(&err));
		return 1;
	}
	int failed = cmocka_run_group_tests(tests, make_folder, remove_folder);
	sandbox_stop();
	return failed;
}
