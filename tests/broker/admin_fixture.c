#include "tests/broker/admin_fixture.h"

#include "broker/cli/json_text.h"
#include "broker/prune.h"
#include "proto/value.h"
#include "tests/fakes/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST = 7 };

/* The neighbours: an archive that remembers what it was asked, and the two peers of the world. */
struct fake_archive fake_archive;

static struct peer *all_peers[2];

enum err archive_history(
    struct archive *a, uint64_t request, const struct reader_page *page, struct str room_name)
{
	(void)a;
	if (fake_archive.fault)
		return fake_archive.fault;
	fake_archive.ticket = request;
	fake_archive.page = *page;
	snprintf(fake_archive.room, sizeof(fake_archive.room), "%.*s", STR_ARG(room_name));
	return ERR_OK;
}

enum err archive_read_log(struct archive *a, uint64_t request, uint64_t after, uint64_t upto)
{
	(void)a;
	if (fake_archive.fault)
		return fake_archive.fault;
	fake_archive.log_ticket = request;
	fake_archive.after = after;
	fake_archive.upto = upto;
	return ERR_OK;
}

struct fake_order fake_order;

void prune_order(struct broker *b, struct str nsp, struct wall before)
{
	(void)b;
	fake_order.before = before;
	snprintf(fake_order.nsp, sizeof(fake_order.nsp), "%.*s", STR_ARG(nsp));
}

struct fake_peers fake_peers;

size_t peers_count(const struct peers *ps)
{
	(void)ps;
	return ARRAY_LEN(all_peers);
}

void peers_each(struct peers *ps, void (*fn)(void *ctx, struct peer *p), void *ctx)
{
	(void)ps;
	for (size_t i = 0; i < ARRAY_LEN(all_peers); i++)
		fn(ctx, all_peers[i]);
}

bool peer_is_resuming(const struct peer *p)
{
	return p == all_peers[1] && !fake_peers.west_is_ready;
}

bool peer_is_live(const struct peer *p)
{
	return p != all_peers[0] || !fake_peers.east_is_behind;
}

enum link_door peer_door(const struct peer *p)
{
	return p == all_peers[1] ? LINK_TCP : LINK_IPC;
}

struct wall peer_since(const struct peer *p)
{
	return (struct wall){(int64_t)p->boot};
}

size_t peer_queued_bytes(const struct peer *p)
{
	return p == all_peers[1] ? 300 : 0;
}

int desk_setup(void **state)
{
	struct desk *d = test_calloc(1, sizeof(*d));

	world_setup(&d->world);
	d->w = d->world;
	d->admin = d->w->b.admin = admin_new(&d->w->b);
	d->w->b.boot = 0xb007;
	d->w->b.epoch = 0xe70c;
	d->w->b.config.database = (char *)"/var/rooms.db";
	all_peers[0] = &d->w->east;
	all_peers[1] = &d->w->west;
	memset(&fake_archive, 0, sizeof(fake_archive));
	fake_peers = (struct fake_peers){0};
	fake_link_reset();
	*state = d;
	return 0;
}

int desk_teardown(void **state)
{
	struct desk *d = *state;

	admin_free(&d->admin);
	assert_null(d->admin);
	fake_link_reset();
	int result = world_teardown(&d->world);

	test_free(d);
	return result;
}

void desk_populate(struct desk *d)
{
	struct world *w = d->w;

	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->west, "w1", "ann");
	world_connect(w, &w->east, "e2", "bob");
	world_join(w, &w->east, "e1", "lobby");
}

/* ---- what the operator says and gets ---- */

/* The answer is read as roomcastctl does, which takes nothing but valid UTF-8. */
const char *desk_answer(void)
{
	static char text[2 * LIMIT_LINK_MESSAGE];
	struct wire_reader r = wire_reader(buf_bytes(&fake_link.last));
	struct wire_message m;
	struct buf out = {0};

	if (fake_link.letters == 0)
		return "none";
	assert_int_equal(wire_next(&r, &m), ERR_OK);
	assert_true(wire_at_end(&r));
	assert_int_equal(m.type, WIRE_ANSWER);
	assert_int_equal(m.as.answer.request, REQUEST);
	if (m.as.answer.error.len) {
		buf_printf(
		    &out, "%.*s: %.*s", STR_ARG(m.as.answer.error), STR_ARG(m.as.answer.text));
	} else {
		assert_int_equal(m.as.answer.text.len, 0);
		buf_puts(&out, STR("ok "));
		assert_int_equal(
		    json_text_put(&out, m.as.answer.value, JSON_TEXT_ONE_LINE), ERR_OK);
	}
	snprintf(text, sizeof(text), "%.*s", (int)out.len, buf_str(&out).p);
	buf_free(&out);
	return text;
}

void desk_receive(struct desk *d, struct bytes body)
{
	struct link_letter letter = {.from = fake_link_address("@ctl"), .body = body};

	letter.from.door = LINK_CONTROL;
	fake_link_reset();
	admin_receive(d->admin, &letter);
}

const char *desk_ask_raw(struct desk *d, uint64_t version, const char *command, struct bytes args)
{
	struct wire_message m = {.type = WIRE_ASK};
	struct buf body = {0};

	m.as.ask = (struct wire_ask){version, REQUEST, str_of(command), args};
	wire_put(&body, &m);
	desk_receive(d, buf_bytes(&body));
	buf_free(&body);
	return desk_answer();
}

const char *desk_ask(struct desk *d, const char *command)
{
	return desk_ask_raw(d, WIRE_VERSION, command, (struct bytes){0});
}

const char *desk_ask_emit(struct desk *d, const struct desk_emit *emit)
{
	struct buf args = {0};

	value_put_map(&args, 6);
	value_put_str_pair(&args, STR("nsp"), str_of(emit->nsp ? emit->nsp : "/chat"));
	value_put_str_pair(&args, str_of(emit->to), str_of(emit->target));
	value_put_str_pair(&args, STR("event"), str_of(emit->event ? emit->event : "hi"));
	value_put_raw_pair(&args, STR("args"), bytes_of("\x91\xa1x", 3));
	value_put_u64_pair(&args, STR("timeout"), emit->timeout_ms);
	value_put_u64_pair(&args, STR("retries"), emit->retries);
	const char *result = desk_ask_raw(d, WIRE_VERSION, "emit", buf_bytes(&args));

	buf_free(&args);
	return result;
}

const char *desk_ask_pairs(struct desk *d, const char *command, const char *const *pairs)
{
	struct buf args = {0};
	uint32_t count = 0;

	while (pairs[2 * count])
		count++;
	value_put_map(&args, count);
	for (uint32_t i = 0; i < count; i++) {
		const char *value = pairs[2 * i + 1];

		if (strcmp(value, "yes") == 0)
			value_put_bool_pair(&args, str_of(pairs[2 * i]), true);
		else if (strcmp(pairs[2 * i], "for") == 0)
			value_put_u64_pair(&args, STR("for"), strtoull(value, NULL, 10));
		else
			value_put_str_pair(&args, str_of(pairs[2 * i]), str_of(value));
	}
	const char *result = desk_ask_raw(d, WIRE_VERSION, command, buf_bytes(&args));

	buf_free(&args);
	return result;
}

const char *desk_ask_room(
    struct desk *d, const char *command, const char *room, const char *key, uint64_t number)
{
	struct buf args = {0};

	value_put_map(&args, key ? 2 : 1);
	value_put_str_pair(&args, STR("room"), str_of(room));
	if (key)
		value_put_u64_pair(&args, str_of(key), number);
	const char *result = desk_ask_raw(d, WIRE_VERSION, command, buf_bytes(&args));

	buf_free(&args);
	return result;
}
