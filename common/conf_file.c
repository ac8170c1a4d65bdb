#include "common/conf_priv.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE_BYTES = 4096,  /* the longest line, with its end */
	SECTION_BYTES = 49, /* libinih cuts longer names without a word */
	ORIGIN_SIZE = 1024, /* "FILE:LINE: key = " */
};

/* A file being read. libinih splits the lines; what it does not tell is seen to here. */
struct reader {
	struct conf_load *load;
	const char *path;
	FILE *in;
	char *line; /* the last one read; owned */
	size_t line_size;
	unsigned line_number;
	bool header_read; /* that line was a [section]: libinih is to be asked for its name */
	bool asking;      /* it is being asked */

	/* The section that keys go to; options NULL = none yet or unknown. */
	char section[SECTION_BYTES + 1];
	const struct conf_option *options;
	size_t option_count;
	char *base;
	unsigned *seen;       /* for each of options: the line it was given in, or 0 */
	unsigned *flat_seen;  /* seen of the spec's options; owned */
	unsigned *group_seen; /* seen of the group's, for its current element; owned */
};

static const char *skip_space(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* Refuses headers that libinih would cut or read half of. */
static bool header_is_whole(struct reader *r, const char *header)
{
	const char *end = strchr(header, ']');

	if (!end || *skip_space(end + 1) != '\0') {
		conf_complain(r->load,
		    "%s:%u: a section is written [name], with nothing else on its line", r->path,
		    r->line_number);
		return false;
	}
	if (end - header - 1 > SECTION_BYTES) {
		conf_complain(r->load, "%s:%u: this section's name is over %d bytes; shorten it",
		    r->path, r->line_number, SECTION_BYTES);
		return false;
	}
	return true;
}

static bool line_is_sound(struct reader *r, size_t len)
{
	const char *why = NULL;

	if (strlen(r->line) != len)
		why = "holds a NUL byte; remove it";
	else if (!str_is_utf8((struct str){r->line, len}))
		why = "is not UTF-8 text; save the file as UTF-8";
	else if (len >= LINE_BYTES)
		why = "is over 4095 bytes; shorten it";
	if (why)
		conf_complain(r->load, "%s:%u: this line %s", r->path, r->line_number, why);
	return !why;
}

/* The next line, without a byte order mark; NULL at the end or where going on makes no sense. */
static const char *next_line(struct reader *r)
{
	ssize_t len = getline(&r->line, &r->line_size, r->in);

	if (len < 0) {
		if (ferror(r->in))
			conf_complain(r->load, "%s cannot be read: %s", r->path, strerror(errno));
		return NULL;
	}
	r->line_number++;
	if (!line_is_sound(r, (size_t)len))
		return NULL;
	const char *line = r->line;

	if (r->line_number == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3;
	r->header_read = *skip_space(line) == '[';
	if (r->header_read && !header_is_whole(r, skip_space(line)))
		return NULL;
	return line;
}

/*
 * What libinih reads its lines with. It says nothing of a section before the first key, so an
 * empty key is slipped in after each header.
 */
static char *read_line(char *ret, int size, void *stream)
{
	struct reader *r = stream;
	const char *line = "=\n";

	r->asking = r->header_read;
	r->header_read = false;
	if (!r->asking)
		line = next_line(r);
	if (!line)
		return NULL;
	/* It fits: the size is ours (see parse) and no line is longer. */
	snprintf(ret, (size_t)size, "%s", line);
	return ret;
}

static void enter(
    struct reader *r, const struct conf_option *options, size_t count, char *base, unsigned *seen)
{
	r->options = options;
	r->option_count = count;
	r->base = base;
	r->seen = seen;
}

static bool is_known_element(const struct reader *r, struct str name)
{
	const struct conf_group *g = r->load->spec->group;

	for (size_t i = 0; i < conf_group_count(g, r->load->config); i++) {
		if (str_eqz(name, conf_group_name(conf_group_at(g, r->load->config, i))))
			return true;
	}
	return false;
}

static void enter_group(struct reader *r, const char *name)
{
	const struct conf_group *g = r->load->spec->group;
	const char *why = NULL;

	if (*name == '\0')
		why = "has no name; write one after a space";
	else if (is_known_element(r, str_of(name)))
		why = "is in this file already; keep one of them";
	else if (conf_group_count(g, r->load->config) >= g->max)
		why = "is one more than there may be; remove some";
	if (why) {
		conf_complain(
		    r->load, "%s:%u: section [%s] %s", r->path, r->line_number, r->section, why);
		return;
	}
	memset(r->group_seen, 0, g->option_count * sizeof(*r->group_seen));
	enter(r, g->options, g->option_count, conf_group_add(g, r->load->config, str_of(name)),
	    r->group_seen);
}

static void complain_section(struct reader *r)
{
	const struct conf_spec *spec = r->load->spec;
	const char **names = xcalloc(spec->option_count + 1, sizeof(*names));
	size_t first_word = strcspn(r->section, " \t");
	char *word = str_dup((struct str){r->section, first_word});

	for (size_t i = 0; i < spec->option_count; i++)
		names[i] = spec->options[i].section;
	const char *near = conf_nearest(r->section, names, spec->option_count);
	const char *prefix = spec->group ? conf_nearest(word, &spec->group->prefix, 1) : NULL;

	if (near)
		conf_complain(r->load, "%s:%u: unknown section [%s]; did you mean [%s]?", r->path,
		    r->line_number, r->section, near);
	else if (prefix)
		conf_complain(r->load, "%s:%u: unknown section [%s]; did you mean [%s%s]?", r->path,
		    r->line_number, r->section, prefix, r->section + first_word);
	else
		conf_complain(r->load, "%s:%u: unknown section [%s]; --print-config shows all",
		    r->path, r->line_number, r->section);
	free(word);
	free(names);
}

static bool is_flat_section(const struct conf_spec *spec, const char *section)
{
	for (size_t i = 0; i < spec->option_count; i++) {
		if (strcmp(spec->options[i].section, section) == 0)
			return true;
	}
	return false;
}

static void set_section(struct reader *r, const char *section)
{
	size_t len = strlen(section);

	while (len > 0 && isspace((unsigned char)section[len - 1]))
		len--;
	memcpy(r->section, section, len);
	r->section[len] = '\0';
}

static void on_section(struct reader *r, const char *section)
{
	const struct conf_spec *spec = r->load->spec;
	size_t prefix = spec->group ? strlen(spec->group->prefix) : 0;

	set_section(r, skip_space(section));
	section = r->section;
	enter(r, NULL, 0, NULL, NULL);
	if (is_flat_section(spec, section))
		enter(r, spec->options, spec->option_count, r->load->config, r->flat_seen);
	else if (prefix && strncmp(section, spec->group->prefix, prefix) == 0 &&
		 (section[prefix] == '\0' || isspace((unsigned char)section[prefix])))
		enter_group(r, skip_space(section + prefix));
	else
		complain_section(r);
}

/* Index of the key in the section that is read, or option_count. */
static size_t find_key(const struct reader *r, const char *name)
{
	bool flat = r->seen == r->flat_seen;
	size_t i = 0;

	while (i < r->option_count && (strcmp(r->options[i].name, name) != 0 ||
					  (flat && strcmp(r->options[i].section, r->section) != 0)))
		i++;
	return i;
}

/* A key of another section is named as such; else the nearest of this table. */
static void complain_key(struct reader *r, const char *name)
{
	const char **names = xcalloc(r->option_count, sizeof(*names));

	for (size_t i = 0; i < r->option_count; i++)
		names[i] = r->options[i].name;
	const char *near = conf_nearest(name, names, r->option_count);
	const char *home = NULL;

	for (size_t i = 0; near && i < r->option_count; i++) {
		if (names[i] == near)
			home = *r->options[i].section ? r->options[i].section : r->section;
	}
	if (near)
		conf_complain(r->load,
		    "%s:%u: unknown key '%s' in [%s]; did you mean '%s' in [%s]?", r->path,
		    r->line_number, name, r->section, near, home);
	else
		conf_complain(r->load, "%s:%u: unknown key '%s' in [%s]; --print-config shows all",
		    r->path, r->line_number, name, r->section);
	free(names);
}

/* What people write by habit and would otherwise silently become part of the value. */
static const char *wrong_shape(const char *value)
{
	if (*value == '"' || *value == '\'')
		return "a value is written without quotes";
	for (const char *p = value; *p; p++) {
		if ((*p == '#' || *p == ';') && (p == value || isspace((unsigned char)p[-1])))
			return "a comment stands on a line of its own";
	}
	return NULL;
}

static void on_key(struct reader *r, const char *name, const char *value)
{
	size_t i = find_key(r, name);
	const char *wrong = wrong_shape(value);
	char origin[ORIGIN_SIZE];

	if (i == r->option_count) {
		complain_key(r, name);
		return;
	}
	if (r->seen[i]) {
		conf_complain(r->load, "%s:%u: '%s' was given in line %u already; keep one",
		    r->path, r->line_number, name, r->seen[i]);
		return;
	}
	r->seen[i] = r->line_number;
	if (wrong) {
		conf_complain(r->load, "%s:%u: %s: %s", r->path, r->line_number, name, wrong);
		return;
	}
	snprintf(origin, sizeof(origin), "%s:%u: %s = ", r->path, r->line_number, name);
	conf_set(r->load, &r->options[i], r->base, origin, value);
}

/* libinih's handler. It always says yes: complaints are counted, the next lines still read. */
static int on_pair(void *user, const char *section, const char *name, const char *value)
{
	struct reader *r = user;

	if (r->asking)
		on_section(r, section);
	else if (*section == '\0')
		conf_complain(r->load, "%s:%u: '%s' stands before the first [section]", r->path,
		    r->line_number, name);
	else if (r->options)
		on_key(r, name, value);
	return 1;
}

static void parse(struct reader *r)
{
	const struct conf_group *g = r->load->spec->group;

	r->flat_seen = xcalloc(r->load->spec->option_count, sizeof(*r->flat_seen));
	r->group_seen = xcalloc(g ? g->option_count : 0, sizeof(*r->group_seen));
	/* Debian's libinih has its switches as variables. */
	ini_max_line = LINE_BYTES + 1;
	ini_use_stack = true;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_stop_on_first_error = true;
	if (ini_parse_stream(read_line, r, on_pair, r) != 0)
		conf_complain(r->load,
		    "%s:%u: neither a [section] nor 'key = value' nor a # comment", r->path,
		    r->line_number);
	free(r->flat_seen);
	free(r->group_seen);
	free(r->line);
}

void conf_file_read(struct conf_load *load, const char *path, bool must_exist)
{
	struct reader r = {.load = load, .path = path, .in = fopen(path, "re")};

	if (r.in) {
		load->file = path;
		parse(&r);
		fclose(r.in);
	} else if (errno == ENOENT && must_exist) {
		conf_complain(load, "%s does not exist; correct --config", path);
	} else if (errno != ENOENT) {
		conf_complain(load, "%s cannot be opened: %s", path, strerror(errno));
	}
}
