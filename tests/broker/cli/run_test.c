#include "broker/cli/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "broker/cli/client.h"
#include "common/crypto.h"
#include "proto/value_map.h"
#include "tests/common/tempdir.h"

enum { MAX_WORDS = 16 };

/* The broker's side: what it says and what it was asked. */
struct fixture {
	enum err open_error, ask_error;
	struct buf answer;
	char endpoint[64], command[32];
	struct buf args;
	unsigned timeout_ms;
	int open_clients;
	struct tempdir *dir;
	char *out, *err; /* what was printed */
};

static struct fixture *fake; /* of the test that runs; ctl_client_open is given none */

struct ctl_client {
	struct fixture *x;
};

enum err ctl_client_open(
    const char *endpoint, char *ret_why, size_t why_size, struct ctl_client **ret)
{
	snprintf(fake->endpoint, sizeof(fake->endpoint), "%s", endpoint);
	if (fake->open_error) {
		snprintf(ret_why, why_size, "cannot open");
		return fake->open_error;
	}
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->x = fake;
	fake->open_clients++;
	return ERR_OK;
}

void ctl_client_close(struct ctl_client **c)
{
	if (*c)
		(*c)->x->open_clients--;
	free(*c);
	*c = NULL;
}

enum err ctl_client_ask(struct ctl_client *c, const char *command, struct bytes args,
    unsigned timeout_ms, struct buf *answer, char *ret_why, size_t why_size)
{
	struct fixture *x = c->x;

	snprintf(x->command, sizeof(x->command), "%s", command);
	buf_reset(&x->args);
	buf_put(&x->args, args);
	x->timeout_ms = timeout_ms;
	if (x->ask_error)
		snprintf(ret_why, why_size, "no such room");
	else
		buf_put(answer, buf_bytes(&x->answer));
	return x->ask_error;
}

static int set_up(void **state)
{
	fake = xcalloc(1, sizeof(*fake));
	fake->dir = tempdir_new();
	*state = fake;
	return crypto_init();
}

static int tear_down(void **state)
{
	struct fixture *x = *state;
	int open_clients = x->open_clients;

	buf_free(&x->answer);
	buf_free(&x->args);
	tempdir_free(&x->dir);
	free(x->out);
	free(x->err);
	free(x);
	return open_clients != 0 || frame_live() != 0;
}

/* The command line is good; its command is run and what it prints kept. words ends with NULL. */
static enum run_exit run(struct fixture *x, const char *const *words)
{
	const struct command *c = NULL;
	struct options o;
	char *argv[MAX_WORDS + 2] = {(char[]){"roomcastctl"}};
	char why[OPTIONS_WHY_SIZE];
	size_t out_size, err_size;
	int argc = 1;

	for (; words[argc - 1] && argc <= MAX_WORDS; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	if (options_parse(argc, argv, &o, why) || command_find(o.words[0], &c, why) ||
	    command_check(c, &o, why))
		fail_msg("%s", why);
	free(x->out);
	free(x->err);
	FILE *out = open_memstream(&x->out, &out_size), *err = open_memstream(&x->err, &err_size);
	enum run_exit code = run_command(c, &o, out, err);

	assert_int_equal(fclose(out), 0);
	assert_int_equal(fclose(err), 0);
	return code;
}

#define RUN(x, ...) run(x, (const char *const[]){__VA_ARGS__, NULL})

static void put_users(struct fixture *x)
{
	value_put_map(&x->answer, 1);
	value_put_str(&x->answer, STR("users"));
	value_put_array(&x->answer, 1);
	value_put_map(&x->answer, 5);
	value_put_str_pair(&x->answer, STR("userId"), STR("u1"));
	value_put_str_pair(&x->answer, STR("username"), STR("Анна"));
	value_put_u64_pair(&x->answer, STR("connections"), 2);
	value_put_str_pair(&x->answer, STR("gateways"), STR("a,b"));
	value_put_u64_pair(&x->answer, STR("since"), UINT64_C(1714564800000));
}

static void an_answer_becomes_a_table(void **state)
{
	struct fixture *x = *state;

	put_users(x);
	assert_int_equal(RUN(x, "users"), RUN_DONE);
	assert_string_equal(x->out, "USER  NAME  CONNECTIONS  GATEWAYS  SINCE\n"
				    "u1    Анна            2  a,b       2024-05-01T12:00:00Z\n");
	assert_string_equal(x->err, "");
	assert_string_equal(x->command, "users");
	assert_int_equal(x->timeout_ms, 3000);
	assert_string_equal(x->endpoint, "ipc:///run/roomcast/control.sock");
}

static void an_answer_becomes_json(void **state)
{
	struct fixture *x = *state;

	put_users(x);
	assert_int_equal(RUN(x, "users", "--json"), RUN_DONE);
	assert_non_null(strstr(x->out, "\"username\": \"Анна\""));
	assert_non_null(strstr(x->out, "\"since\": 1714564800000"));
}

static void the_question_has_its_arguments(void **state)
{
	struct fixture *x = *state;
	struct bytes value;
	struct str room;
	uint64_t limit;

	value_put_map(&x->answer, 1);
	value_put_str(&x->answer, STR("messages"));
	value_put_array(&x->answer, 0);
	assert_int_equal(RUN(x, "history", "lobby", "--limit", "5", "--timeout", "70", "--endpoint",
			     "tcp://b:1"),
	    RUN_DONE);
	assert_string_equal(x->command, "history");
	assert_string_equal(x->endpoint, "tcp://b:1");
	assert_int_equal(x->timeout_ms, 70);
	assert_int_equal(value_map_get(buf_bytes(&x->args), STR("room"), &value), ERR_OK);
	assert_true(value_as_str(value, &room) && str_eqz(room, "lobby"));
	assert_int_equal(value_map_get(buf_bytes(&x->args), STR("limit"), &value), ERR_OK);
	assert_true(value_as_u64(value, &limit) && limit == 5);
}

static void a_broker_that_is_away_has_its_own_status(void **state)
{
	struct fixture *x = *state;

	x->ask_error = ERR_TIMEOUT;
	assert_int_equal(RUN(x, "status"), RUN_UNREACHABLE);
	assert_string_equal(x->out, "");
	assert_string_equal(x->err, "roomcastctl: no such room\n");
}

static void a_refusal_is_a_failure(void **state)
{
	static const enum err errors[] = {
	    ERR_DENIED, ERR_NOT_FOUND, ERR_INVALID, ERR_UNAVAILABLE, ERR_MALFORMED};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		x->ask_error = errors[i];
		assert_int_equal(RUN(x, "members", "lobby", "--json"), RUN_FAILED);
		assert_string_equal(x->out, "");
		assert_string_equal(x->err, "roomcastctl: no such room\n");
	}
}

static void a_bad_endpoint_is_wrong_usage(void **state)
{
	struct fixture *x = *state;

	x->open_error = ERR_INVALID;
	assert_int_equal(RUN(x, "status", "--endpoint", "x"), RUN_USAGE);
	assert_string_equal(x->err, "roomcastctl: cannot open\n");
	x->open_error = ERR_SYSTEM;
	assert_int_equal(RUN(x, "status"), RUN_FAILED);
}

static void an_answer_of_another_shape_is_a_failure(void **state)
{
	struct fixture *x = *state;

	value_put_map(&x->answer, 0);
	assert_int_equal(RUN(x, "users"), RUN_FAILED);
	assert_string_equal(x->err, "roomcastctl: the answer cannot be read: malformed data\n");
	assert_string_equal(x->out, "");
}

static void an_answer_that_is_not_written_is_a_failure(void **state)
{
	const struct command *c;
	struct options o;
	struct fixture *x = *state;
	char *argv[] = {(char[]){"roomcastctl"}, (char[]){"users"}, NULL};
	char why[OPTIONS_WHY_SIZE];
	FILE *full = fopen("/dev/full", "we"), *err = fopen("/dev/null", "we");

	assert_non_null(full);
	assert_non_null(err);
	put_users(x);
	assert_int_equal(options_parse(2, argv, &o, why), ERR_OK);
	assert_int_equal(command_find("users", &c, why), ERR_OK);
	assert_int_equal(run_command(c, &o, full, err), RUN_FAILED);
	fclose(full);
	fclose(err);
}

static void a_token_is_printed_bare_or_as_json(void **state)
{
	static const char secret[] = "0123456789abcdef0123456789abcdef";
	struct fixture *x = *state;
	const char *file = tempdir_write(x->dir, "secret", secret, sizeof(secret) - 1, 0600);

	x->ask_error = ERR_TIMEOUT; /* nobody is asked */
	assert_int_equal(
	    RUN(x, "token", "--user", "u", "--name", "n", "--key-file", file), RUN_DONE);
	assert_int_equal(strncmp(x->out, "eyJ", 3), 0);
	assert_int_equal(strcspn(x->out, "\n"), strlen(x->out) - 1);
	assert_int_equal(RUN(x, "token", "--user", "u", "--name", "n", "--key-file", file, "--room",
			     "r", "--json"),
	    RUN_DONE);
	assert_non_null(strstr(x->out, "\"token\": \"eyJ"));
	assert_non_null(strstr(x->out, "\"expiresAt\": "));
	assert_int_equal(
	    RUN(x, "token", "--user", "u", "--name", "n", "--key-file", "/nowhere"), RUN_FAILED);
	assert_non_null(strstr(x->err, "/nowhere"));
	assert_string_equal(x->command, "");
}

static void keys_are_made_once(void **state)
{
	struct fixture *x = *state;
	const char *path = tempdir_path(x->dir, "gw");

	assert_int_equal(RUN(x, "keygen", "curve", "--out", path), RUN_DONE);
	assert_non_null(strstr(x->out, "curve\n"));
	assert_int_equal(access(tempdir_path(x->dir, "gw.key"), F_OK), 0);
	assert_int_equal(access(tempdir_path(x->dir, "gw.pub"), F_OK), 0);
	assert_int_equal(RUN(x, "keygen", "curve", "--out", path), RUN_FAILED);
	assert_non_null(strstr(x->err, "gw.key"));
	assert_int_equal(RUN(x, "keygen", "hs256", "--out", path, "--json"), RUN_DONE);
	assert_non_null(strstr(x->out, "\"secretFile\": \""));
	assert_null(strstr(x->out, "publicFile"));
	assert_int_equal(RUN(x, "keygen", "ed25519", "--out", tempdir_path(x->dir, "t")), RUN_DONE);
	assert_non_null(strstr(x->out, "/t.pub\n"));
}

static void put_answers(struct fixture *x, uint64_t answered)
{
	buf_reset(&x->answer);
	value_put_map(&x->answer, 4);
	value_put_u64_pair(&x->answer, STR("sockets"), 1);
	value_put_u64_pair(&x->answer, STR("gateways"), 1);
	value_put_u64_pair(&x->answer, STR("answered"), answered);
	value_put_str(&x->answer, STR("answers"));
	value_put_array(&x->answer, 1);
	value_put_map(&x->answer, 4);
	value_put_str_pair(&x->answer, STR("userId"), STR("u"));
	value_put_str_pair(&x->answer, STR("outcome"), answered ? STR("answered") : STR("away"));
	value_put_u64_pair(&x->answer, STR("tries"), 2);
	value_put_str(&x->answer, STR("args"));
	value_put_array(&x->answer, 1);
	value_put_str(&x->answer, STR("received"));
}

static void who_has_answered_is_told(void **state)
{
	struct fixture *x = *state;

	put_answers(x, 1);
	assert_int_equal(RUN(x, "emit", "hi", "--user", "u", "--ack", "--timeout", "500"), RUN_DONE);
	assert_string_equal(x->command, "emit");
	assert_int_equal(x->timeout_ms, 2500);
	assert_string_equal(x->out, "sockets   1\ngateways  1\nanswered  1\n\n"
				    "USER  SOCKET  GATEWAY  OUTCOME   TRIES  MS  ANSWER\n"
				    "u     -       -        answered      2   -  [\"received\"]\n");
	/* Who has not is told too, with a status of its own. */
	put_answers(x, 0);
	assert_int_equal(RUN(x, "emit", "hi", "--user", "u", "--ack"), RUN_UNANSWERED);
	assert_non_null(strstr(x->out, "away"));
	assert_string_equal(x->err, "");
	assert_int_equal(RUN(x, "emit", "hi", "--user", "u", "--ack", "--json"), RUN_UNANSWERED);
	assert_non_null(strstr(x->out, "\"outcome\": \"away\""));
}

static void an_emit_without_an_ack_is_brief(void **state)
{
	struct fixture *x = *state;

	value_put_map(&x->answer, 2);
	value_put_u64_pair(&x->answer, STR("sockets"), 3);
	value_put_u64_pair(&x->answer, STR("gateways"), 2);
	assert_int_equal(RUN(x, "emit", "hi", "--room", "lobby", "--timeout", "500"), RUN_DONE);
	assert_string_equal(x->out, "sockets   3\ngateways  2\n");
	assert_int_equal(x->timeout_ms, 500);
}

static void an_emit_that_nobody_hears(void **state)
{
	struct fixture *x = *state;

	x->ask_error = ERR_UNAVAILABLE;
	assert_int_equal(RUN(x, "emit", "hi", "--user", "u"), RUN_OFFLINE);
	assert_string_equal(x->err, "roomcastctl: no such room\n");
	x->ask_error = ERR_NOT_FOUND;
	assert_int_equal(RUN(x, "emit", "hi", "--user", "u"), RUN_FAILED);
	x->ask_error = ERR_TIMEOUT;
	assert_int_equal(RUN(x, "emit", "hi", "--user", "u", "--ack"), RUN_UNREACHABLE);
	assert_string_equal(x->out, "");
}

static void an_emit_of_no_json_is_wrong_usage(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(RUN(x, "emit", "hi", "{", "--user", "u"), RUN_USAGE);
	assert_non_null(strstr(x->err, "roomcastctl: JSON 1: line 1, column 1: "));
	assert_string_equal(x->command, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_answer_becomes_a_table, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(who_has_answered_is_told, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_emit_without_an_ack_is_brief, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_emit_that_nobody_hears, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_emit_of_no_json_is_wrong_usage, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_answer_becomes_json, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_question_has_its_arguments, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_broker_that_is_away_has_its_own_status, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_refusal_is_a_failure, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_bad_endpoint_is_wrong_usage, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		an_answer_of_another_shape_is_a_failure, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		an_answer_that_is_not_written_is_a_failure, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_token_is_printed_bare_or_as_json, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(keys_are_made_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
