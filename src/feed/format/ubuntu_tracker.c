/*
 * The lines of a tracker's file, told apart by how they begin.
 */
#include "feed/format/ubuntu_tracker.h"

#include "base/base.h"
#include "feed/sink.h"

struct str ubuntu_tracker_cve(struct str path)
{
	struct str name = path_basename(path), folder = path_basename(path_dirname(path));

	if (!str_eq(folder, STR("active")) && !str_eq(folder, STR("retired")))
		return STR_NULL;
	return str_starts(name, STR("CVE-")) && feed_is_word(name) ? name : STR_NULL;
}

/* "released (1.2-3ubuntu4)": the word, and what stands in parentheses. */
static void split_status(struct str value, struct str *status, struct str *why)
{
	*status = value;
	*why = STR_NULL;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == ' ' || value.p[i] == '\t' || value.p[i] == '(') {
			*status = str_head(value, i);
			*why = str_trim(str_skip(value, i));
			break;
		}
	}
	while (str_starts(*why, STR("(")))
		*why = str_skip(*why, 1);
	/* A version ends at the first parenthesis, whatever follows; other words may have some. */
	if (str_eq(*status, STR("released")))
		(void)str_cut(*why, ')', why, NULL);
	while (str_ends(*why, STR(")")))
		why->n--;
	*why = str_trim(*why);
}

/* Whether the line is a row; then it is taken. */
static bool take_row(struct ubuntu_rows *rows, struct str key, struct str value)
{
	struct str release, package, status, why;

	if (!str_cut(key, '_', &release, &package))
		return false;
	split_status(value, &status, &why);
	ubuntu_rows_add(rows, release, package, status, why);
	return true;
}

static void take_priority(struct ubuntu_rows *rows, struct str key, struct str value)
{
	struct str word = STR_NULL;

	(void)str_next_word(&value, &word);
	if (str_eq(key, STR("Priority"))) {
		ubuntu_rows_set_severity(rows, ubuntu_severity(word));
		return;
	}
	ubuntu_rows_add_priority(rows, str_skip(key, STR("Priority_").n), ubuntu_severity(word));
}

/* Fields that end a description, which may have lines that are not indented. */
static bool is_field(struct str key)
{
	static const struct str fields[] = { STR_INIT("Assigned-to"), STR_INIT("Bugs"),
		STR_INIT("CRD"), STR_INIT("CVSS"), STR_INIT("Candidate"), STR_INIT("Discovered-by"),
		STR_INIT("Mitigation"), STR_INIT("Notes"), STR_INIT("PublicDate"),
		STR_INIT("PublicDateAtUSN"), STR_INIT("References"), STR_INIT("Tags"),
		STR_INIT("Ubuntu-Description") };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (str_eq(key, fields[i]))
			return true;
	}
	return false;
}

/* "key: value", with no space in the key. */
static bool split_field(struct str line, struct str *key, struct str *value)
{
	if (line.n == 0 || ascii_is_space(line.p[0]) || !str_cut(line, ':', key, value))
		return false;
	*key = str_trim(*key);
	*value = str_trim(*value);
	for (size_t i = 0; i < key->n; i++) {
		if (ascii_is_space(key->p[i]))
			return false;
	}
	return true;
}

static void read_lines(struct ubuntu_rows *rows, struct str content)
{
	bool in_description = false;
	struct str line, key, value;

	while (str_next_line(&content, &line)) {
		if (str_starts(line, STR("#")))
			continue;
		if (!split_field(line, &key, &value)) {
			if (in_description)
				ubuntu_rows_describe(rows, line);
		} else if (str_eq(key, STR("Description"))) {
			in_description = true;
			ubuntu_rows_describe(rows, value);
		} else if (str_eq(key, STR("Priority")) || str_starts(key, STR("Priority_"))) {
			in_description = false;
			take_priority(rows, key, value);
		} else if (is_field(key) || take_row(rows, key, value)) {
			in_description = false;
		} else if (in_description) {
			ubuntu_rows_describe(rows, line);
		}
	}
}

int ubuntu_tracker_parse(
	struct ubuntu_rows *rows, struct str cve, struct str content, struct err *err)
{
	ubuntu_rows_begin(rows, cve);
	read_lines(rows, content);
	return ubuntu_rows_put(rows, err);
}
