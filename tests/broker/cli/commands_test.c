#include "broker/cli/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "proto/value_map.h"

enum { MAX_WORDS = 16 };

static char why[OPTIONS_WHY_SIZE];

/* The command line is parsed, and its command found and returned. words ends with NULL. */
static const struct command *parse(const char *const *words, struct options *ret)
{
	const struct command *c = NULL;
	char *argv[MAX_WORDS + 2] = {(char[]){"roomcastctl"}};
	int argc = 1;

	for (; words[argc - 1] && argc <= MAX_WORDS; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	if (options_parse(argc, argv, ret, why))
		fail_msg("%s", why);
	command_join_words(ret);
	if (command_find(ret->words[0], &c, why))
		fail_msg("%s", why);
	return c;
}

static enum err check(const char *const *words)
{
	struct options o;
	const struct command *c = parse(words, &o);

	return command_check(c, &o, why);
}

#define CHECK(...) check((const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(enum err e, const char *words)
{
	assert_int_equal(e, ERR_INVALID);
	assert_string_equal(why, words);
}

static void every_row_is_whole(void **state)
{
	const struct command *c, *other;

	(void)state;
	for (size_t i = 0; (c = command_at(i)); i++) {
		assert_true(strlen(c->doc) > 0);
		assert_int_equal(c->deed == COMMAND_ASKS, c->wire != NULL);
		assert_int_equal(c->deed == COMMAND_ASKS && c->argument, c->wire_argument != NULL);
		assert_int_equal(c->layout.shape == PRINT_TABLE, c->layout.list != NULL);
		assert_in_range(c->layout.column_count, 1, PRINT_MAX_COLUMNS);
		assert_int_equal(c->needs & c->takes, 0);
		assert_int_equal((c->needs | c->takes) & COMMAND_COMMON_OPTIONS, 0);
		assert_int_equal(c->one_of & ~c->takes, 0);
		assert_false(c->needs_one && !c->one_of);
		assert_false(c->rest && !c->argument);
		assert_int_equal(c->deed == COMMAND_EMITS, c->brief != NULL);
		for (size_t j = 0; j < i && (other = command_at(j)); j++)
			assert_string_not_equal(c->word, other->word);
	}
}

static void every_option_belongs_to_a_command(void **state)
{
	const struct command *c;
	uint32_t used = COMMAND_COMMON_OPTIONS;

	(void)state;
	for (size_t i = 0; (c = command_at(i)); i++)
		used |= c->needs | c->takes;
	assert_int_equal(used, (UINT64_C(1) << OPTIONS) - 1);
}

static void commands_are_found_by_their_word(void **state)
{
	static const char *const words[] = {"status", "gateways", "rooms", "members", "users",
	    "user", "connections", "history", "why", "delete", "prune", "emit", "room create", "room show", "room public", "room private",
	    "room archive", "room unarchive", "member add", "member role", "member remove",
	    "member list", "ban add", "ban remove", "ban list", "mute add", "mute remove",
	    "mute list", "kick user", "kick socket", "drain", "revoke", "unrevoke", "revocations",
	    "token", "keygen"};
	const struct command *c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		assert_int_equal(command_find(words[i], &c, why), ERR_OK);
		assert_string_equal(c->word, words[i]);
	}
	assert_null(command_at(ARRAY_LEN(words)));
}

static void two_words_may_be_one_command(void **state)
{
	struct options o;

	(void)state;
	assert_string_equal(
	    parse((const char *const[]){"room", "show", "lobby", NULL}, &o)->word, "room show");
	assert_int_equal(o.word_count, 2);
	assert_string_equal(o.words[1], "lobby");
	assert_int_equal(CHECK("member", "add", "lobby", "--user", "ann"), ERR_OK);
	assert_refused(CHECK("member", "add", "lobby"), "member add needs --user");
	assert_refused(CHECK("room", "show"), "room show needs a ROOM");
	assert_refused(CHECK("members", "lobby", "hall"), "one argument too many: 'hall'");
	assert_refused(CHECK("ban", "list", "ann"), "ban list takes no argument such as 'ann'");
}

static void an_unknown_second_word_gets_a_suggestion(void **state)
{
	struct options o = {.words = {"room", "creat"}, .word_count = 2};
	const struct command *c = NULL;

	(void)state;
	command_join_words(&o);
	assert_int_equal(command_find(o.words[0], &c, why), ERR_NOT_FOUND);
	assert_string_equal(why, "unknown command 'room creat', did you mean 'room create'?");
}

static void an_unknown_command_gets_a_suggestion(void **state)
{
	const struct command *c = NULL;

	(void)state;
	assert_int_equal(command_find("stauts", &c, why), ERR_NOT_FOUND);
	assert_string_equal(why, "unknown command 'stauts', did you mean 'status'?");
	assert_int_equal(command_find("member", &c, why), ERR_NOT_FOUND);
	assert_string_equal(why,
	    "member needs one more word, of these: add, role, remove, list; "
	    "`roomcastctl member add --help` says more");
	assert_int_equal(command_find("kick", &c, why), ERR_NOT_FOUND);
	assert_string_equal(why,
	    "kick needs one more word, of these: user, socket; "
	    "`roomcastctl kick user --help` says more");
	assert_int_equal(command_find("STATUS!!", &c, why), ERR_NOT_FOUND);
	assert_string_equal(why, "unknown command 'STATUS!!'; --help lists them");
	assert_int_equal(command_find("", &c, why), ERR_NOT_FOUND);
	assert_null(c);
}

static void good_command_lines_pass(void **state)
{
	(void)state;
	assert_int_equal(CHECK("status"), ERR_OK);
	assert_int_equal(CHECK("status", "--json", "--endpoint", "ipc://x", "--timeout=5"), ERR_OK);
	assert_int_equal(CHECK("gateways"), ERR_OK);
	assert_int_equal(CHECK("rooms", "--nsp", "/chat"), ERR_OK);
	assert_int_equal(CHECK("members", "lobby", "--nsp", "/chat"), ERR_OK);
	assert_int_equal(CHECK("users"), ERR_OK);
	assert_int_equal(CHECK("users", "--prefix", "a"), ERR_OK);
	assert_int_equal(CHECK("user", "ann"), ERR_OK);
	assert_int_equal(CHECK("connections"), ERR_OK);
	assert_int_equal(
	    CHECK("connections", "--user", "u", "--gateway", "g", "--room", "r"), ERR_OK);
	assert_int_equal(CHECK("history", "lobby", "--limit", "5", "--before", "9"), ERR_OK);
	assert_int_equal(CHECK("history", "lobby", "--after", "9"), ERR_OK);
	assert_int_equal(CHECK("token", "--user", "u", "--name", "n"), ERR_OK);
	assert_int_equal(CHECK("token", "--user", "u", "--name", "n", "--expires", "60", "--room",
			     "r", "--room", "s", "--key-file", "f", "--json"),
	    ERR_OK);
	assert_int_equal(CHECK("keygen", "curve", "--out", "x"), ERR_OK);
	assert_int_equal(CHECK("keygen", "hs256", "--out", "x"), ERR_OK);
	assert_int_equal(CHECK("keygen", "ed25519", "--out", "x"), ERR_OK);
}

static void bad_command_lines_are_told_why(void **state)
{
	(void)state;
	assert_refused(CHECK("status", "--nsp", "/chat"), "status takes no --nsp");
	assert_refused(CHECK("rooms", "--limit", "1"), "rooms takes no --limit");
	assert_refused(CHECK("status", "now"), "status takes no argument such as 'now'");
	assert_refused(CHECK("members"), "members needs a ROOM");
	assert_refused(CHECK("user"), "user needs a USER");
	assert_refused(
	    CHECK("connections", "--room", "r", "--room", "s"), "connections takes one --room");
	assert_refused(CHECK("history", "lobby", "--before", "1", "--after", "2"),
	    "history: either --before or --after");
	assert_refused(CHECK("token", "--name", "n"), "token needs --user");
	assert_refused(CHECK("token", "--user", "u"), "token needs --name");
	assert_refused(CHECK("keygen", "curve"), "keygen needs --out");
	assert_refused(CHECK("keygen", "--out", "x"), "keygen needs a KIND");
	assert_refused(CHECK("keygen", "cruve", "--out", "x"),
	    "keygen: unknown KIND 'cruve', did you mean 'curve'?");
	assert_refused(CHECK("keygen", "rsa-4096", "--out", "x"),
	    "keygen: unknown KIND 'rsa-4096'; `keygen --help` lists them");
}

static void a_revocation_takes_what_it_uses(void **state)
{
	(void)state;
	assert_int_equal(CHECK("revoke", "--user", "u", "--issued-before", "9"), ERR_OK);
	assert_int_equal(CHECK("revoke", "--jti", "j", "--until", "9"), ERR_OK);
	assert_refused(CHECK("revoke"), "revoke needs --user or --jti");
	assert_refused(CHECK("unrevoke"), "unrevoke needs --user or --jti");
	assert_refused(CHECK("revoke", "--user", "u", "--until", "9"), "--until needs --jti");
	assert_refused(
	    CHECK("revoke", "--jti", "j", "--issued-before", "9"), "--issued-before needs --user");
}

static void a_room_has_a_name(void **state)
{
	char room[LIMIT_ROOM + 2] = {0};

	(void)state;
	memset(room, 'r', LIMIT_ROOM);
	assert_int_equal(CHECK("members", room), ERR_OK);
	room[LIMIT_ROOM] = 'r';
	assert_refused(CHECK("members", room), "members: a ROOM has 1 to 136 bytes of UTF-8");
	assert_refused(CHECK("members", ""), "members: a ROOM has 1 to 136 bytes of UTF-8");
	assert_refused(CHECK("history", "\xff"), "history: a ROOM has 1 to 136 bytes of UTF-8");
}

/* The broker is asked with exactly these pairs of key and value (decimal text for numbers). */
static void assert_args(const char *const *words, const char *const (*pairs)[2], uint32_t count)
{
	struct options o;
	struct buf args = {0};
	struct value map;
	const struct command *c = parse(words, &o);

	assert_int_equal(command_check(c, &o, why), ERR_OK);
	command_put_args(c, &o, &args);
	assert_int_equal(value_check(buf_bytes(&args), 1), ERR_OK);
	struct value_reader r = value_reader(buf_bytes(&args));

	assert_int_equal(value_next(&r, &map), ERR_OK);
	assert_int_equal(map.as.count, count);
	for (uint32_t i = 0; i < count; i++) {
		struct bytes value;
		struct str text;
		uint64_t number;

		assert_int_equal(
		    value_map_get(buf_bytes(&args), str_of(pairs[i][0]), &value), ERR_OK);
		if (value_as_u64(value, &number))
			assert_int_equal(number, strtoull(pairs[i][1], NULL, 10));
		else
			assert_true(value_as_str(value, &text) && str_eqz(text, pairs[i][1]));
	}
	buf_free(&args);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PAIRS(...) ((const char *const[][2]){__VA_ARGS__})

static void the_broker_is_asked_with_what_was_given(void **state)
{
	(void)state;
	assert_args(WORDS("status"), NULL, 0);
	/* What is about this program stays here; fallbacks are the broker's. */
	assert_args(WORDS("status", "--json", "--timeout", "5", "--endpoint", "x"), NULL, 0);
	assert_args(WORDS("rooms"), NULL, 0);
	assert_args(WORDS("rooms", "--nsp", "/chat"), PAIRS({"nsp", "/chat"}), 1);
	assert_args(WORDS("members", "lobby"), PAIRS({"room", "lobby"}), 1);
	assert_args(WORDS("user", "ann"), PAIRS({"user", "ann"}), 1);
	assert_args(WORDS("users", "--prefix", "a"), PAIRS({"prefix", "a"}), 1);
	assert_args(WORDS("connections", "--room", "r", "--user", "u", "--gateway", "g"),
	    PAIRS({"user", "u"}, {"room", "r"}, {"gateway", "g"}), 3);
	assert_args(WORDS("history", "lobby", "--nsp", "/a", "--limit", "5", "--before", "9"),
	    PAIRS({"room", "lobby"}, {"nsp", "/a"}, {"limit", "5"}, {"before", "9"}), 4);
	assert_args(WORDS("history", "7", "--after", "18446744073709551615"),
	    PAIRS({"room", "7"}, {"after", "18446744073709551615"}), 2);
}

static void an_emit_is_for_somebody(void **state)
{
	(void)state;
	assert_refused(CHECK("emit", "hi"), "emit needs --user, --room or --socket");
	assert_refused(CHECK("emit", "hi", "--user", "u", "--socket", "s"),
	    "emit: either --user or --socket");
	assert_refused(CHECK("emit", "--user", "u"), "emit needs a EVENT");
	assert_int_equal(CHECK("emit", "hi", "1", "{}", "--user", "u", "--ack"), ERR_OK);
}

static void only_an_emit_takes_many_words(void **state)
{
	(void)state;
	assert_refused(CHECK("members", "a", "b"), "one argument too many: 'b'");
	assert_refused(CHECK("status", "a", "b"), "status takes no argument such as 'a'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_emit_is_for_somebody),
	    cmocka_unit_test(only_an_emit_takes_many_words),
	    cmocka_unit_test(every_row_is_whole),
	    cmocka_unit_test(every_option_belongs_to_a_command),
	    cmocka_unit_test(commands_are_found_by_their_word),
	    cmocka_unit_test(two_words_may_be_one_command),
	    cmocka_unit_test(an_unknown_second_word_gets_a_suggestion),
	    cmocka_unit_test(an_unknown_command_gets_a_suggestion),
	    cmocka_unit_test(good_command_lines_pass),
	    cmocka_unit_test(bad_command_lines_are_told_why),
	    cmocka_unit_test(a_revocation_takes_what_it_uses),
	    cmocka_unit_test(a_room_has_a_name),
	    cmocka_unit_test(the_broker_is_asked_with_what_was_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
