/*
 * Whatever link, broker and clock do, in whatever order: an ack id is answered once, not twice
 * and not never.
 */
#include "gateway/room/desk.h"

#include "tests/gateway/room/desk_stage.h"

#include <stdlib.h>
#include <string.h>

enum { WALK_STEPS = 20000 };

struct walk {
	struct stage *stage;
	unsigned seed;
	int64_t next_ack;
	uint64_t waiting[STAGE_PENDING_MAX];
	size_t waiting_count;
	unsigned char answered[WALK_STEPS];
};

static unsigned draw(struct walk *w, unsigned below)
{
	w->seed = w->seed * 1103515245u + 12345u;
	return (w->seed >> 16) % below;
}

static void note_waiting(void *ctx, const struct pending_request *r)
{
	struct walk *w = ctx;

	w->waiting[w->waiting_count++] = r->id;
}

/* The broker answers some of what waits, some of it twice, and not in order. */
static void answer_some(struct walk *w)
{
	struct stage *s = w->stage;

	w->waiting_count = 0;
	pending_each(s->pending, note_waiting, w);
	for (size_t i = w->waiting_count; i-- > 0;) {
		if (draw(w, 2))
			stage_reply_ok(s, w->waiting[i], "{}");
		if (draw(w, 3) == 0)
			stage_reply_error(s, w->waiting[i], CLIENT_ERROR_ACCESS_DENIED);
	}
}

static void say_something(struct walk *w)
{
	static const char *const events[] = {
	    "join-room", "leave-room", "message", "typing", "history", "room-users", "dance"};
	static const char *const args[] = {
	    "[{'roomId':'a','content':'x'}]", "[{'roomId':'b','content':'x'}]", "[{}]"};
	struct stage *s = w->stage;

	stage_event(s, &s->east, events[draw(w, ARRAY_LEN(events))], args[draw(w, ARRAY_LEN(args))],
	    w->next_ack++);
}

static void step(struct walk *w)
{
	struct stage *s = w->stage;

	switch (draw(w, 10)) {
	case 0:
		s->link.is_full = !s->link.is_full;
		break;
	case 1:
		stage_link_breaks(s);
		break;
	case 2:
		stage_link_returns(s);
		break;
	case 3:
		stage_pass_ms(s, draw(w, STAGE_TIMEOUT_MS / 4));
		break;
	case 4:
		answer_some(w);
		break;
	default:
		say_something(w);
	}
}

static void count_acks(struct walk *w)
{
	struct buf *said = &w->stage->east.said;

	buf_putc(said, '\0');
	for (const char *line = buf_str(said).p; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "ack ", 4) == 0)
			w->answered[strtoul(line + 4, NULL, 10)]++;
	}
}

static void test_every_ack_id_is_answered_exactly_once(void **state)
{
	struct stage *s = *state;
	struct walk *w = test_calloc(1, sizeof(*w));

	w->stage = s;
	w->seed = 20261122;
	print_message("seed %u\n", w->seed);
	stage_connect(s, &s->east, "alice");
	for (int i = 0; i < WALK_STEPS; i++)
		step(w);
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	assert_int_equal(pending_count(s->pending), 0);
	count_acks(w);
	assert_true(w->next_ack > WALK_STEPS / 4);
	for (int64_t ack = 0; ack < w->next_ack; ack++)
		assert_int_equal(w->answered[ack], 1);
	test_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_every_ack_id_is_answered_exactly_once, stage_setup, stage_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
