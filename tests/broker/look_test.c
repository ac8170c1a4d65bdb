#include "tests/broker/world.h"

#include "broker/look.h"

/* The neighbour: an archive that remembers what it was asked and is full when told so. */
static struct {
	uint64_t request;
	struct reader_page page;
	bool is_full;
} asked;

enum err archive_history(struct archive *a, uint64_t request, const struct reader_page *page,
    struct str room_name)
{
	(void)a;
	(void)room_name;
	if (asked.is_full)
		return ERR_FULL;
	asked.request = request;
	asked.page = *page;
	return ERR_OK;
}

static int setup(void **state)
{
	asked.is_full = false;
	return world_setup(state);
}

static int teardown(void **state)
{
	struct world *w = *state;

	look_forget(&w->b, NULL);
	return world_teardown(state);
}

static void ask_users(struct world *w, struct peer *p, const char *socket, const char *room)
{
	struct wire_message m = {.type = WIRE_USERS};

	m.as.users = (struct wire_users){++w->request, str_of(socket), str_of(room)};
	look_on_users(&w->b, p, &m);
}

static void ask_history(struct world *w, struct peer *p, const char *socket, const char *room)
{
	struct wire_message m = {.type = WIRE_HISTORY};

	m.as.history = (struct wire_history){.request = ++w->request,
	    .socket = str_of(socket),
	    .room = str_of(room),
	    .before = 7,
	    .limit = 1000};
	look_on_history(&w->b, p, &m);
}

static void test_users_are_counted_once(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->west, "w1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	world_join(w, &w->west, "w1", "lobby");
	ask_users(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	/* usersCount 1; one user with connections 2 */
	assert_true(fake_peer_heard(&w->east, "aa7573657273436f756e7401"));
}

static void test_only_who_may_enter_may_look(void **state)
{
	struct world *w = *state;

	rooms_load(w->b.rooms, 7, STR("/chat"), STR("club"), false, 0);
	world_connect(w, &w->east, "e1", "ann");
	ask_users(w, &w->east, "e1", "club");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ACCESS_DENIED);
	ask_history(w, &w->east, "e1", "club");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ACCESS_DENIED);
	ask_history(w, &w->east, "e1", "nowhere");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ROOM_NOT_FOUND);
	ask_users(w, &w->east, "e1", "user:bob");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ACCESS_DENIED);
}

static void test_a_page_is_answered_when_it_is_read(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	ask_history(w, &w->east, "e1", "lobby");
	assert_int_equal(asked.page.before, 7);
	assert_int_equal(asked.page.limit, LIMIT_HISTORY_CLIENT);
	assert_int_equal(world_last_error(w, &w->east), -1);
	struct archive_answer answer = {
	    .request = asked.request, .messages = bytes_of("\x90", 1), .more = true};

	assert_true(look_on_page(&w->b, &answer));
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_false(look_on_page(&w->b, &answer)); /* once */
}

static void test_what_cannot_be_read_is_unavailable(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	ask_history(w, &w->east, "e1", "lobby");
	struct archive_answer answer = {.request = asked.request, .error = ERR_IO};

	assert_true(look_on_page(&w->b, &answer));
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	asked.is_full = true;
	ask_history(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
}

/* While the page was being read. */
static void test_who_has_lost_his_right_gets_no_page(void **state)
{
	struct world *w = *state;
	struct archive_answer answer = {.messages = bytes_of("\x90", 1)};

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	ask_history(w, &w->east, "e1", "lobby");
	answer.request = asked.request;
	world_room(w, "lobby")->is_public = false;
	assert_true(look_on_page(&w->b, &answer));
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ACCESS_DENIED);
}

static void test_one_client_reads_a_few_pages_at_a_time(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->east, "e2", "bob");
	world_join(w, &w->east, "e1", "lobby");
	for (int i = 0; i < 4; i++) {
		ask_history(w, &w->east, "e1", "lobby");
		assert_int_equal(world_last_error(w, &w->east), -1);
	}
	ask_history(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	ask_history(w, &w->east, "e2", "lobby");
	assert_int_equal(world_last_error(w, &w->east), -1);
}

static void test_a_peer_that_is_gone_waits_for_nothing(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	ask_history(w, &w->east, "e1", "lobby");
	look_forget(&w->b, &w->west);
	struct archive_answer answer = {.request = asked.request, .messages = bytes_of("\x90", 1)};

	look_forget(&w->b, &w->east);
	assert_false(look_on_page(&w->b, &answer));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_users_are_counted_once),
	    TEST(test_only_who_may_enter_may_look),
	    TEST(test_a_page_is_answered_when_it_is_read),
	    TEST(test_what_cannot_be_read_is_unavailable),
	    TEST(test_who_has_lost_his_right_gets_no_page),
	    TEST(test_one_client_reads_a_few_pages_at_a_time),
	    TEST(test_a_peer_that_is_gone_waits_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
