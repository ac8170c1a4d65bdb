/*
 * What a message may cost: the memory that is allocated while a client reads it, counted byte for
 * byte (the linker puts our malloc before the real one), is at most ten times what came.
 */
#include "tests/check.h"

#include "common/buf.h"
#include "gateway/sio/socket.h"
#include "proto/limits.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { TIMES = 10, FREE_BYTES = 16 * 1024 }; /* what any message may cost, however short */

static size_t live, peak;

static void count(size_t more)
{
	live += more;
	if (live > peak)
		peak = live;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *p);

void *__wrap_malloc(size_t size)
{
	void *p = __real_malloc(size);

	count(malloc_usable_size(p));
	return p;
}

void *__wrap_calloc(size_t n, size_t size)
{
	void *p = __real_calloc(n, size);

	count(malloc_usable_size(p));
	return p;
}

/* While it copies there are both. */
void *__wrap_realloc(void *old, size_t size)
{
	size_t before = malloc_usable_size(old);
	void *p = __real_realloc(old, size);

	count(malloc_usable_size(p));
	live -= before;
	return p;
}

void __wrap_free(void *p)
{
	live -= malloc_usable_size(p);
	__real_free(p);
}

/* A client of its own for every message: head, so many times middle, tail. */
struct row {
	const char *name;
	struct bytes head, middle, tail;
	unsigned attachments; /* that follow, as long as the message */
};

#define B(literal)                                              \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}
#define PLACE "{\"_placeholder\":true,\"num\":0}"
#define EVENT                              \
	"\x83\xa4type\x02\xa3nsp\xa1/\xa4" \
	"data"

static const struct row texts[] = {
    {"numbers that grow", B("2[\"e\""), B(",-0"), B("]"), 0},
    {"small numbers", B("2[\"e\""), B(",0"), B("]"), 0},
    {"a long number", B("2[\"e\","), B("1"), B("]"), 0},
    {"a long fraction", B("2[\"e\",0."), B("0"), B("1]"), 0},
    {"a long exponent", B("2[\"e\",1e"), B("0"), B("]"), 0},
    {"a long string", B("2[\"e\",\""), B("x"), B("\"]"), 0},
    {"escapes", B("2[\"e\",\""), B("\\n"), B("\"]"), 0},
    {"one escape", B("2[\"e\",\"\\n"), B("x"), B("\"]"), 0},
    {"halves of pairs", B("2[\"e\",\""), B("\\ud83d"), B("\"]"), 0},
    {"a long name", B("2[\""), B("n"), B("\"]"), 0},
    {"an escaped name", B("2[\""), B("\\t"), B("\"]"), 0},
    {"a numeric name", B("2["), B("1"), B("]"), 0},
    {"a long namespace", B("2/"), B("n"), B(",[\"e\"]"), 0},
    {"a long ack id", B("2"), B("1"), B("[\"e\"]"), 0},
    {"empty arrays", B("2[\"e\",[]"), B(",[]"), B("]"), 0},
    {"empty objects", B("2[\"e\",{}"), B(",{}"), B("]"), 0},
    {"keys", B("2[\"e\",{\"a\":-0"), B(",\"\":-0"), B("}]"), 0},
    {"duplicate keys", B("2[\"e\",{\"a\":0"), B(",\"__proto__\":0"), B("}]"), 0},
    {"nesting", B("2[\"e\","), B("["), B(""), 0},
    {"nesting of objects", B("2[\"e\","), B("{\"a\":"), B(""), 0},
    {"space", B("2[\"e\""), B(" "), B("]"), 0},
    {"an unclosed string", B("2[\"e\",\"\\n"), B("x"), B(""), 0},
    {"auth", B("0/admin,{\"a\":["), B("-0,"), B("0]}"), 0},
    {"an ack", B("31[1"), B(",-0"), B("]"), 0},
    {"attachments", B("510-[\"e\"," PLACE ",\""), B("x"), B("\"]"), 10},
    {"an attachment named often", B("51-[\"e\""), B("," PLACE), B("]"), 1},
    {"attachments beside what grows", B("51-[\"e\"," PLACE), B(",-0"), B("]"), 1},
    {"an ack with attachments", B("61-1[" PLACE), B(",-0"), B("]"), 1},
    {"attachments that never come", B("510-[\"e\""), B(",-0"), B("]"), 0},
    {"attachments of a long name", B("51-[\""), B("n"), B("\"]"), 1},
};

#define NAMED      \
	"\x92\xa1" \
	"e"

/* The head ends with a container's, whose count is set to what follows. */
static const struct row messages[] = {
    {"nils", B(EVENT NAMED "\xdd\0\0\0\0"), B("\xc0"), B(""), 0},
    {"undefined", B(EVENT NAMED "\xdd\0\0\0\0"), B("\xd4\0\0"), B(""), 0},
    {"dates", B(EVENT NAMED "\xdd\0\0\0\0"), B("\xd7\0\0\0\0\0\0\0\0\0"), B(""), 0},
    {"floats", B(EVENT NAMED "\xdd\0\0\0\0"), B("\xca\0\0\0\x01"), B(""), 0},
    {"keys of false", B(EVENT NAMED "\xdf\0\0\0\0"), B("\xc2\xc2"), B(""), 0},
    {"keys of nil", B(EVENT NAMED "\xdf\0\0\0\0"), B("\xc0\xc0"), B(""), 0},
    {"keys of floats", B(EVENT NAMED "\xdf\0\0\0\0"), B("\xca\0\0\0\x01\xc0"), B(""), 0},
    {"empty bins", B(EVENT NAMED "\xdd\0\0\0\0"), B("\xc4\0"), B(""), 0},
    {"empty maps", B(EVENT NAMED "\xdd\0\0\0\0"), B("\x80"), B(""), 0},
    {"empty texts", B(EVENT NAMED "\xdf\0\0\0\0"), B("\xa0\xa0"), B(""), 0},
    {"other keys", B("\xdf\0\0\0\0"), B("\xa1x\xc0"), B(""), 0},
};

/* Not so these. */
static const struct row nonsense[] = {
    {"nesting", B(EVENT), B("\x91"), B(""), 0},
    {"counts that lie", B(EVENT), B("\xdd\xff\xff\xff\xff"), B(""), 0},
    {"text in bytes", B("2[\"e\""), B(",-0"), B("]"), 0},
};

static struct timer_queue timeouts;
static struct sio_client *client;

static void on_connect(void *up, struct sio_socket *s, struct bytes auth)
{
	(void)up;
	(void)auth;
	sio_socket_accept(s, STR("sid"), STR(""));
}

static void on_event(void *up, struct sio_socket *s, const struct sio_event *event)
{
	(void)up;
	(void)s;
	(void)event;
}

static void on_ack(void *up, struct sio_socket *s, uint64_t ack_id, struct bytes args)
{
	(void)up;
	(void)s;
	(void)ack_id;
	(void)args;
}

static void on_disconnect(void *up, struct sio_socket *s, enum sio_end why)
{
	(void)up;
	(void)s;
	(void)why;
}

static void on_send(void *down, struct frame *f, bool is_volatile)
{
	(void)down;
	(void)f;
	(void)is_volatile;
}

static void on_close(void *down, bool is_parse_error)
{
	(void)down;
	(void)is_parse_error;
}

static void begin(bool is_binary)
{
	static const char *const namespaces[] = {"/", "/admin", NULL};
	static const struct sio_conf conf = {namespaces, &timeouts, LIMIT_ATTACHMENTS, LIMIT_ARGS};
	static const struct sio_events events = {.on_connect = on_connect,
	    .on_event = on_event,
	    .on_ack = on_ack,
	    .on_disconnect = on_disconnect};
	static const struct sio_transport transport = {
	    .send = on_send, .send_binary = on_send, .close = on_close};
	static const struct bytes text = B("0"), message = B("\x82\xa4type\0\xa3nsp\xa1/");

	timer_queue_init(&timeouts, 45000);
	client = sio_client_new(&conf, &events, NULL, &transport, NULL, (struct mono){1});
	sio_client_receive(client, is_binary ? message : text, is_binary);
}

/* The peak while it is read, beside the message and what there was. */
static size_t cost_of(struct bytes message, bool is_binary)
{
	size_t before = live;

	peak = live;
	sio_client_receive(client, message, is_binary);
	return peak - before;
}

enum kind { KIND_TEXT, KIND_COUNTED, KIND_NONSENSE };

static struct frame *make_message(const struct row *row, size_t size, enum kind kind)
{
	struct buf b = {0};
	uint32_t count = 0;

	buf_put(&b, row->head);
	for (; b.len + row->middle.len + row->tail.len <= size; count++)
		buf_put(&b, row->middle);
	buf_put(&b, row->tail);
	struct frame *message = buf_seal(&b);
	uint8_t *at = frame_data(message) + row->head.len - 4;

	for (int i = 0; kind == KIND_COUNTED && i < 4; i++)
		at[i] = (uint8_t)(count >> (24 - 8 * i));
	return message;
}

static void assert_cheap(const struct row *row, size_t size, enum kind kind)
{
	struct frame *message = make_message(row, size, kind);
	bool is_binary = kind != KIND_TEXT;

	begin(is_binary);
	size_t before = live, came = frame_len(message);
	size_t cost = cost_of(frame_bytes(message), is_binary);

	for (unsigned i = 0; i < row->attachments; i++) {
		/* What is kept from before counts, and so does what came before. */
		size_t kept = live - before, now = cost_of(frame_bytes(message), true);

		came += frame_len(message);
		if (kept + now > cost)
			cost = kept + now;
		if (kept + now > TIMES * came + FREE_BYTES)
			break;
	}
	if (cost > TIMES * came + FREE_BYTES)
		fail_msg("%s: %zu bytes cost %zu", row->name, came, cost);
	sio_client_free(&client);
	frame_unref(&message);
}

static void assert_all_cheap(const struct row *rows, size_t rows_count, enum kind kind)
{
	/* Around and between the powers of two that buffers grow by. */
	static const size_t sizes[] = {100, 1000, 30000, 43000, 44000, 65000, 70000, 87000, 88000,
	    131000, 175000, 262000, 300000, 349000, 350000, 600000, 700000, 1000000};

	for (size_t i = 0; i < rows_count; i++) {
		for (size_t n = 0; n < ARRAY_LEN(sizes); n++)
			assert_cheap(&rows[i], sizes[n], kind);
	}
}

static void no_text_costs_more_than_ten_times_its_size(void **state)
{
	(void)state;
	assert_all_cheap(texts, ARRAY_LEN(texts), KIND_TEXT);
}

static void no_msgpack_costs_more_than_ten_times_its_size(void **state)
{
	(void)state;
	assert_all_cheap(messages, ARRAY_LEN(messages), KIND_COUNTED);
	assert_all_cheap(nonsense, ARRAY_LEN(nonsense), KIND_NONSENSE);
}

/* The measure itself: what is allocated is seen. */
static void allocations_are_counted(void **state)
{
	size_t before = live;
	struct frame *f = frame_new(bytes_of(texts, 1000));

	(void)state;
	assert_true(live - before >= 1000 && live - before < 1200);
	frame_unref(&f);
	assert_int_equal(live, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(allocations_are_counted),
	    cmocka_unit_test(no_text_costs_more_than_ten_times_its_size),
	    cmocka_unit_test(no_msgpack_costs_more_than_ten_times_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
