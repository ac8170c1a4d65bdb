#include "broker/registry.h"

#include "broker/cli/json_text.h"
#include "broker/entry.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"

#include <stdio.h>
#include <string.h>

/* As JSON, which is read as an operator's. */
static const char *text_of(struct buf *value)
{
	static char text[4096];
	struct buf out = {0};

	assert_int_equal(json_text_put(&out, buf_bytes(value), JSON_TEXT_ONE_LINE), ERR_OK);
	assert_true(out.len < sizeof(text));
	memcpy(text, buf_str(&out).p, out.len);
	text[out.len] = '\0';
	buf_free(&out);
	buf_free(value);
	return text;
}

static const char *connections(struct world *w, struct registry_filter filter)
{
	struct buf value = {0};

	registry_connections(&w->b, &filter, &value);
	return text_of(&value);
}

static const char *user(struct world *w, const char *id)
{
	struct buf value = {0};

	if (registry_user(&w->b, str_of(id), &value))
		return "none";
	return text_of(&value);
}

/* Which of these are listed, in the order of the list. */
static const char *listed(struct world *w, struct registry_filter filter)
{
	static char ids[256];
	const char *at = connections(w, filter), *key = "\"socketId\":\"";

	ids[0] = '\0';
	while ((at = strstr(at, key))) {
		at += strlen(key);
		strncat(strcat(ids, " "), at, strcspn(at, "\""));
	}
	return ids;
}

static void populate(struct world *w)
{
	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->west, "w1", "ann");
	world_connect(w, &w->east, "e2", "bob");
	world_join(w, &w->east, "e1", "lobby");
	world_join(w, &w->west, "w1", "lobby");
	world_join(w, &w->west, "w1", "attic");
}

static void test_what_is_known_of_a_connection(void **state)
{
	struct world *w = *state;
	struct wire_message m = {.type = WIRE_CONNECT};

	m.as.connect = (struct wire_connect){.request = ++w->request,
	    .socket = STR("e1"),
	    .nsp = STR("/chat"),
	    .user = STR("ann"),
	    .username = STR("Ann"),
	    .grants = bytes_of("\xc0", 1),
	    .ip = STR("192.0.2.1"),
	    .user_agent = STR("curl"),
	    .transport = STR("polling"),
	    .since_ms = 1700000000001};
	entry_on_connect(&w->b, &w->east, &m);
	world_join(w, &w->east, "e1", "lobby");
	assert_string_equal(connections(w, (struct registry_filter){0}),
	    "{\"connections\":[{\"userId\":\"ann\",\"username\":\"Ann\",\"nsp\":\"/chat\","
	    "\"socketId\":\"e1\",\"gateway\":\"east\",\"transport\":\"polling\","
	    "\"ip\":\"192.0.2.1\",\"userAgent\":\"curl\",\"since\":1700000000001,\"rooms\":1}],"
	    "\"more\":false}");
}

static void test_they_are_sought_by_user_gateway_and_room(void **state)
{
	struct world *w = *state;

	populate(w);
	const struct room *lobby = world_room(w, "lobby");

	assert_string_equal(listed(w, (struct registry_filter){0}), " e1 w1 e2");
	assert_string_equal(listed(w, (struct registry_filter){.user = STR("ann")}), " e1 w1");
	assert_string_equal(listed(w, (struct registry_filter){.user = STR("cid")}), "");
	assert_string_equal(listed(w, (struct registry_filter){.gateway = STR("east")}), " e1 e2");
	assert_string_equal(listed(w, (struct registry_filter){.nsp = STR("/chat")}), " e1 w1 e2");
	assert_string_equal(listed(w, (struct registry_filter){.nsp = STR("/fixed")}), "");
	assert_string_equal(listed(w, (struct registry_filter){.room = lobby}), " e1 w1");
	assert_string_equal(
	    listed(w, (struct registry_filter){.room = lobby, .gateway = STR("west")}), " w1");
	assert_string_equal(
	    listed(w, (struct registry_filter){.room = lobby, .user = STR("bob")}), "");
}

static void test_who_is_gone_is_in_no_list(void **state)
{
	struct world *w = *state;

	w->b.config.recovery = true;
	populate(w);
	world_commit(w);
	world_lose(w, &w->west, "w1");
	assert_string_equal(listed(w, (struct registry_filter){0}), " e1 e2");
	entry_on_peer_gone(&w->b, &w->east);
	assert_string_equal(listed(w, (struct registry_filter){0}), "");
}

static void test_a_list_ends_and_says_so(void **state)
{
	struct world *w = *state;

	w->b.config.sessions_max = 5000;
	for (int i = 0; i <= REGISTRY_LISTED; i++) {
		char name[32];
		struct registry_filter all = {0};
		struct buf value = {0};

		snprintf(name, sizeof(name), "u%d", i);
		world_connect(w, &w->east, name, name);
		if (i < REGISTRY_LISTED - 1)
			continue;
		registry_connections(&w->b, &all, &value);
		/* The last pair is {more}. */
		assert_int_equal(
		    buf_bytes(&value).p[value.len - 1], i == REGISTRY_LISTED ? 0xc3 : 0xc2);
		buf_free(&value);
	}
}

static void test_a_user_who_is_here(void **state)
{
	struct world *w = *state;

	populate(w);
	fake_store.stored_user_id = "ann";
	fake_store.stored_user = (struct reader_user){STR("Old"), {5}, {9}};
	const char *said = user(w, "ann");
	const char *expected =
	    "{\"userId\":\"ann\",\"username\":\"ann\",\"online\":true,\"count\":2,"
	    "\"gateways\":\"east,west\",\"rooms\":\"/chat lobby, /chat attic\",\"firstSeen\":5,"
	    "\"lastSeen\":1700000000000,\"connections\":[{\"userId\":\"ann\",";

	assert_memory_equal(said, expected, strlen(expected));
	assert_non_null(strstr(said, "\"socketId\":\"w1\""));
	assert_null(strstr(said, "bob"));
}

/* His connection is lost, and he is awaited in his rooms. */
static void test_a_user_who_is_awaited(void **state)
{
	struct world *w = *state;

	w->b.config.recovery = true;
	populate(w);
	world_commit(w);
	world_lose(w, &w->west, "w1");
	world_lose(w, &w->east, "e1");
	assert_string_equal(user(w, "ann"),
	    "{\"userId\":\"ann\",\"username\":\"ann\",\"online\":false,\"count\":0,"
	    "\"gateways\":\"\",\"rooms\":\"/chat lobby, /chat attic\","
	    "\"firstSeen\":1700000000000,\"lastSeen\":1700000000000,\"connections\":[]}");
}

static void test_a_user_who_was_here(void **state)
{
	struct world *w = *state;

	assert_string_equal(user(w, "ann"), "none");
	fake_store.stored_user_id = "ann";
	fake_store.stored_user = (struct reader_user){STR("Ann"), {5}, {9}};
	assert_string_equal(user(w, "ann"),
	    "{\"userId\":\"ann\",\"username\":\"Ann\",\"online\":false,\"count\":0,"
	    "\"gateways\":\"\",\"rooms\":\"\",\"firstSeen\":5,\"lastSeen\":9,\"connections\":[]}");
	fake_store.reader_fault = ERR_IO;
	assert_string_equal(user(w, "ann"), "none");
	fake_store.reader_fault = ERR_OK;
}

static void test_a_guest_is_known_while_he_is_here(void **state)
{
	struct world *w = *state;

	assert_string_equal(user(w, "guest:x"), "none");
	world_connect(w, &w->east, "e1", "guest:x");
	assert_non_null(strstr(user(w, "guest:x"), "\"online\":true"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_what_is_known_of_a_connection),
	    TEST(test_they_are_sought_by_user_gateway_and_room),
	    TEST(test_who_is_gone_is_in_no_list),
	    TEST(test_a_list_ends_and_says_so),
	    TEST(test_a_user_who_is_here),
	    TEST(test_a_user_who_is_awaited),
	    TEST(test_a_user_who_was_here),
	    TEST(test_a_guest_is_known_while_he_is_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
