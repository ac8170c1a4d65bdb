#include "broker/missed.h"

#include "tests/broker/world.h"
#include "tests/fakes/store.h"

#include <stdlib.h>

/* An archive that keeps what it is asked. */
static struct {
	uint64_t requests[200];
	size_t count;
	size_t max;
	struct merge *last;
} archive;

enum err archive_merge_take(struct archive *a, uint64_t request, struct merge **m)
{
	(void)a;
	if (archive.count >= archive.max)
		return ERR_FULL;
	archive.requests[archive.count++] = request;
	merge_free(&archive.last);
	archive.last = *m;
	*m = NULL;
	return ERR_OK;
}

void merge_free(struct merge **m)
{
	struct merge *dead = *m;

	*m = NULL;
	for (size_t i = 0; dead && i < dead->count; i++)
		free(dead->rooms[i].name);
	if (dead)
		free(dead->rooms);
	free(dead);
}

struct merge *merge_new(size_t rooms)
{
	struct merge *m = xcalloc(1, sizeof(*m));

	m->rooms = xcalloc(rooms, sizeof(*m->rooms));
	return m;
}

static int set_up(void **state)
{
	int failed = world_setup(state);
	struct world *w = *state;

	archive.count = 0;
	archive.max = 200;
	w->b.config.recovery = true;
	w->b.config.sessions_max = 1000;
	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	world_publish(w, &w->east, "e1", "lobby");
	world_commit(w);
	world_forget_heard(w);
	return failed;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	missed_forget(&w->b, NULL);
	merge_free(&archive.last);
	return world_teardown(state);
}

static void ask(struct world *w, struct peer *p, const char *socket, uint64_t after)
{
	struct wire_message m = {.type = WIRE_REPLAY};

	m.as.replay = (struct wire_replay){++w->request, str_of(socket), after, 9};
	missed_on_replay(&w->b, p, &m);
}

static bool answer(struct world *w, uint64_t ticket, enum err e)
{
	return missed_on_page(&w->b,
	    &(struct archive_answer){
		.request = ticket, .error = e, .messages = bytes_of("\x91\x07", 2), .more = true});
}

static void test_the_rooms_are_read_from_where_they_were_heard(void **state)
{
	struct world *w = *state;

	world_join(w, &w->east, "e1", "quiet"); /* nothing was ever said there */
	ask(w, &w->east, "e1", 1);
	assert_int_equal(archive.count, 1);
	assert_int_equal(archive.last->count, 1);
	assert_string_equal(archive.last->rooms[0].name, "lobby");
	assert_int_equal(archive.last->rooms[0].after, 1);
	assert_int_equal(archive.last->rooms[0].last_seq, 1);
	assert_int_equal(archive.last->until, 9);
	ask(w, &w->east, "e1", 0);
	assert_int_equal(archive.last->rooms[0].after, 0);
}

static void test_the_join_counts_where_it_is_later(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e2", "eve");
	world_join(w, &w->east, "e2", "lobby");
	ask(w, &w->east, "e2", 0);
	assert_int_equal(archive.last->rooms[0].after, 1);
}

static void test_a_page_goes_to_who_asked(void **state)
{
	struct world *w = *state;

	ask(w, &w->east, "e1", 0);
	assert_false(answer(w, archive.requests[0] + 1, ERR_OK));
	assert_int_equal(w->east.heard.len, 0);
	assert_true(answer(w, archive.requests[0], ERR_OK));
	assert_true(fake_peer_read(&w->east, "events\x91\x07\xa4more\xc3"));
	assert_false(answer(w, archive.requests[0], ERR_OK));
}

static void test_what_cannot_be_read_is_said(void **state)
{
	struct world *w = *state;

	ask(w, &w->east, "e1", 0);
	answer(w, archive.requests[0], ERR_IO);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	ask(w, &w->east, "e1", 0);
	answer(w, archive.requests[1], ERR_NOT_FOUND);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_true(fake_peer_read(&w->east, "isLost\xc3"));
}

/* A batch failed, and what is stored is not known yet: nothing missed would be a lie. */
static void test_while_the_numbers_are_unread_it_is_refused(void **state)
{
	struct world *w = *state;

	w->b.is_numbering_stale = true;
	ask(w, &w->east, "e1", 0);
	assert_int_equal(archive.count, 0);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_int_equal(w->b.missed_count, 0);
}

static void test_strangers_are_told_nothing(void **state)
{
	struct world *w = *state;

	ask(w, &w->west, "e1", 0);
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_UNAVAILABLE);
	ask(w, &w->east, "nobody", 0);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_int_equal(archive.count, 0);
}

static void test_when_many_come_they_wait_for_their_turn(void **state)
{
	struct world *w = *state;
	size_t reading = ARCHIVE_QUEUE_MAX / 2;

	for (size_t i = 0; i < reading + 3; i++)
		ask(w, &w->east, "e1", 0);
	assert_int_equal(archive.count, reading);
	answer(w, archive.requests[0], ERR_OK);
	assert_int_equal(archive.count, reading + 1);
	/* Another one's page makes room in the archive, too. */
	archive.max = archive.count;
	answer(w, archive.requests[1], ERR_OK);
	assert_int_equal(archive.count, reading + 1);
	archive.max = 200;
	assert_false(answer(w, 999999, ERR_OK));
	assert_int_equal(archive.count, reading + 2);
}

static void test_who_is_gone_waits_for_nothing(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < ARCHIVE_QUEUE_MAX; i++)
		ask(w, &w->east, "e1", 0);
	size_t read = archive.count;

	missed_forget(&w->b, &w->east);
	for (size_t i = 0; i < read; i++)
		assert_true(answer(w, archive.requests[i], ERR_OK));
	assert_int_equal(archive.count, read);
	assert_int_equal(w->b.missed_count, 0);
	assert_int_equal(w->east.heard.len, 0);
}

static void test_one_that_is_lost_again_is_told_so(void **state)
{
	struct world *w = *state;

	archive.max = 0;
	ask(w, &w->east, "e1", 0);
	world_lose(w, &w->east, "e1");
	archive.max = 200;
	answer(w, 999999, ERR_OK);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_int_equal(w->b.missed_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_the_rooms_are_read_from_where_they_were_heard),
	    TEST(test_the_join_counts_where_it_is_later),
	    TEST(test_a_page_goes_to_who_asked),
	    TEST(test_what_cannot_be_read_is_said),
	    TEST(test_while_the_numbers_are_unread_it_is_refused),
	    TEST(test_strangers_are_told_nothing),
	    TEST(test_when_many_come_they_wait_for_their_turn),
	    TEST(test_who_is_gone_waits_for_nothing),
	    TEST(test_one_that_is_lost_again_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
