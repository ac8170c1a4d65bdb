#include "tests/broker/archive_stage.h"

#include "proto/wire.h"
#include "tests/broker/rows.h"
#include "tests/check.h"

#include <stdlib.h>
#include <zmq.h>

enum { DEADLINE_MS = 10000 };

static void answered(struct stage *s, uint64_t request, enum err error)
{
	assert_int_equal(request, s->last_request + 1);
	s->last_request = request;
	s->count++;
	s->error = error;
}

static void on_page(void *up, const struct archive_answer *answer)
{
	struct stage *s = up;

	answered(s, answer->request, answer->error);
	s->more = answer->more;
	buf_reset(&s->messages);
	buf_put(&s->messages, answer->messages);
}

static void on_log(void *up, const struct archive_log *log)
{
	struct stage *s = up;

	answered(s, log->request, log->error);
	s->reached = log->reached;
	for (size_t i = 0; i < log->count; i++) {
		struct wire_reader r = wire_reader(log->entries[i].deliver);
		struct wire_message m;

		assert_int_equal(wire_next(&r, &m), ERR_OK);
		assert_true(wire_at_end(&r));
		assert_int_equal(m.type, WIRE_DELIVER);
		buf_printf(&s->log, "%d:%d ", (int)m.as.deliver.gseq, (int)log->entries[i].room);
	}
}

static void on_plan(void *up, uint64_t request, enum err error, const struct plan *plan)
{
	struct stage *s = up;

	answered(s, request, error);
	s->reached = plan->rooms[0].upto;
}

const struct archive_events stage_events = {
    .on_page = on_page, .on_log = on_log, .on_plan = on_plan};

int stage_setup(void **state)
{
	struct stage *s = xcalloc(1, sizeof(*s));
	void *fixture;

	fixture_set_up(&fixture);
	s->f = fixture;
	assert_int_equal(
	    archive_open(s->f->path, &stage_events, s, s->f->why, sizeof(s->f->why), &s->a),
	    ERR_OK);
	*state = s;
	return 0;
}

int stage_teardown(void **state)
{
	struct stage *s = *state;
	void *fixture = s->f;

	archive_close(&s->a);
	buf_free(&s->messages);
	buf_free(&s->log);
	free(s);
	return fixture_tear_down(&fixture);
}

void stage_serve(struct stage *s, size_t count)
{
	zmq_pollitem_t item = {.socket = archive_socket(s->a), .events = ZMQ_POLLIN};

	while (s->count < count) {
		assert_int_equal(zmq_poll(&item, 1, DEADLINE_MS), 1);
		archive_serve(s->a);
	}
}

uint32_t stage_messages(const struct stage *s, struct value_reader *ret)
{
	struct value head;

	assert_int_equal(value_check(buf_bytes(&s->messages), 4), ERR_OK);
	*ret = value_reader(buf_bytes(&s->messages));
	assert_int_equal(value_next(ret, &head), ERR_OK);
	assert_int_equal(head.type, VALUE_ARRAY);
	return head.as.count;
}

void stage_put_large(struct stage *s, size_t size, uint64_t count)
{
	struct buf content = {0};
	char *bytes = xcalloc(1, size);

	value_put_bin(&content, bytes_of(bytes, size));
	batch_reset(s->f->batch);
	for (uint64_t seq = 1; seq <= count; seq++) {
		struct batch_op op = {.kind = BATCH_MESSAGE, .as.message = rows_message(seq)};

		op.as.message.room = 1;
		op.as.message.seq = seq;
		op.as.message.content = buf_bytes(&content);
		batch_put(s->f->batch, &op);
	}
	assert_int_equal(fixture_commit_batch(s->f), WRITER_COMMITTED);
	free(bytes);
	buf_free(&content);
}
