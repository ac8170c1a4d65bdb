#include "tests/check.h"

#include "common/log.h"
#include "common/reload.h"
#include "tests/common/capture.h"
#include "tests/common/tempdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct room {
	char *name;
	uint64_t size;
};

struct config {
	char *title;
	uint64_t rate, port;
	bool is_loud;
	struct room *rooms;
	size_t room_count;
};

static const struct conf_option options[] = {
    {"main", "title", CONF_STR, offsetof(struct config, title), "none", 0, 0, NULL, "t", NULL},
    {"main", "rate", CONF_U64, offsetof(struct config, rate), "5", 1, 9, NULL, "r", NULL},
    {"main", "port", CONF_U64, offsetof(struct config, port), "80", 1, 99, NULL, "p", NULL},
    {"main", "loud", CONF_BOOL, offsetof(struct config, is_loud), "no", 0, 0, NULL, "l", NULL},
};
static const struct conf_option room_options[] = {
    {"", "size", CONF_U64, offsetof(struct room, size), "3", 1, 9, NULL, "s", NULL},
};
static const struct conf_group rooms = {.prefix = "room",
    .doc = "d",
    .options = room_options,
    .option_count = ARRAY_LEN(room_options),
    .element_size = sizeof(struct room),
    .elements_offset = offsetof(struct config, rooms),
    .count_offset = offsetof(struct config, room_count),
    .max = 3};
static const char *const reloads[] = {"title", "rate", "loud", NULL};
static const struct conf_spec spec = {.program = "test",
    .summary = "s",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .group = &rooms,
    .reloads = reloads,
    .config_size = sizeof(struct config)};

struct scene {
	struct config config;
	struct tempdir *dir;
	char *path;
	char *said;
	char *argv[4];
	struct conf_source source;
};

static void write_file(struct scene *s, const char *text)
{
	tempdir_write(s->dir, "test.conf", text, strlen(text), 0600);
}

static enum err reload(struct scene *s)
{
	struct capture *capture = capture_new(STDERR_FILENO);
	enum err e = reload_config(&spec, &s->source, &s->config);

	free(s->said);
	s->said = capture_end(&capture);
	return e;
}

static int setup(void **state)
{
	struct scene *s = test_calloc(1, sizeof(*s));

	log_setup("test", LOG_FORMAT_JSON, LOG_NOTICE);
	s->dir = tempdir_new();
	write_file(s, "[main]\ntitle = one\n[room a]\nsize = 4\n");
	s->argv[0] = (char *)"test";
	s->argv[1] = (char *)"--config";
	s->argv[2] = s->path = strdup(tempdir_path(s->dir, "test.conf"));
	s->source = (struct conf_source){3, s->argv};
	*state = s;
	return conf_load(&spec, 3, s->argv, &s->config) == CONF_RUN ? 0 : -1;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	conf_free(&spec, &s->config);
	free(s->said);
	tempdir_free(&s->dir);
	free(s->path);
	test_free(s);
	return 0;
}

static void test_what_can_be_changed_is(void **state)
{
	struct scene *s = *state;

	write_file(s, "[main]\ntitle = two\nrate = 7\nloud = yes\n[room a]\nsize = 4\n");
	assert_int_equal(reload(s), ERR_OK);
	assert_string_equal(s->config.title, "two");
	assert_int_equal(s->config.rate, 7);
	assert_true(s->config.is_loud);
	assert_non_null(strstr(s->said, "\"event\":\"config.changed\",\"option\":\"title\""));
	assert_non_null(strstr(s->said, "\"event\":\"config.changed\",\"option\":\"loud\""));
	assert_null(strstr(s->said, "config.restart"));
}

static void test_what_cannot_be_says_so(void **state)
{
	struct scene *s = *state;

	write_file(s, "[main]\ntitle = one\nport = 81\n[room a]\nsize = 5\n");
	assert_int_equal(reload(s), ERR_OK);
	assert_int_equal(s->config.port, 80);
	assert_int_equal(s->config.rooms[0].size, 4);
	assert_non_null(strstr(s->said, "\"event\":\"config.restart\",\"option\":\"port\""));
	assert_non_null(strstr(s->said, "\"event\":\"config.restart\",\"option\":\"room\""));
	assert_null(strstr(s->said, "config.changed"));
}

static void test_another_element_is_a_difference(void **state)
{
	struct scene *s = *state;

	write_file(s, "[main]\ntitle = one\n[room b]\nsize = 4\n");
	assert_int_equal(reload(s), ERR_OK);
	assert_non_null(strstr(s->said, "config.restart"));
	write_file(s, "[main]\ntitle = one\n[room a]\nsize = 4\n[room b]\n");
	assert_int_equal(reload(s), ERR_OK);
	assert_non_null(strstr(s->said, "config.restart"));
}

static void test_the_same_again(void **state)
{
	struct scene *s = *state;

	assert_int_equal(reload(s), ERR_OK);
	assert_non_null(strstr(s->said, "config.read"));
	assert_null(strstr(s->said, "option"));
}

static void test_a_broken_file_changes_nothing(void **state)
{
	struct scene *s = *state;

	write_file(s, "[main]\ntitle = two\nrate = 10\ntilte = x\n");
	assert_int_equal(reload(s), ERR_INVALID);
	assert_string_equal(s->config.title, "one");
	assert_non_null(strstr(s->said, "test.conf:3: rate = 10 is not allowed; give a whole "));
	assert_non_null(strstr(s->said, "test.conf:4"));
	assert_non_null(strstr(s->said, "config.kept"));
	assert_null(strstr(s->said, "config.read"));
}

static void test_no_file_changes_nothing(void **state)
{
	struct scene *s = *state;

	assert_int_equal(unlink(s->path), 0);
	assert_int_equal(reload(s), ERR_INVALID);
	assert_string_equal(s->config.title, "one");
	assert_non_null(strstr(s->said, "does not exist"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_what_can_be_changed_is),
	    TEST(test_what_cannot_be_says_so),
	    TEST(test_another_element_is_a_difference),
	    TEST(test_the_same_again),
	    TEST(test_a_broken_file_changes_nothing),
	    TEST(test_no_file_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
