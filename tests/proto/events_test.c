#include "proto/events.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/limits.h"

#include <string.h>

static void every_event_is_found_by_its_name(void **state)
{
	(void)state;
	for (enum event e = 0; e < EVENTS; e++) {
		assert_int_equal(event_find(event_name(e)), e);
		assert_true(str_eqz(event_name(e), event_row(e)->name));
		assert_in_range(event_name(e).len, 1, LIMIT_EVENT);
		assert_true(strlen(event_row(e)->doc) > 0);
	}
}

static void other_names_are_unknown(void **state)
{
	static const char *const names[] = {
	    "", "Message", "message ", "messages", "join", "other", "connect", "__proto__"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(event_find(str_of(names[i])), EVENT_UNKNOWN);
	assert_int_equal(event_find((struct str){NULL, 0}), EVENT_UNKNOWN);
	assert_int_equal(event_find((struct str){"message\0x", 9}), EVENT_UNKNOWN);
	assert_true(str_eqz(event_name(EVENT_UNKNOWN), "other"));
}

/* The contract with clients that exist: these names and directions do not change. */
static void the_names_are_those_that_clients_know(void **state)
{
	static const struct {
		enum event event;
		const char *name;
		enum event_direction direction;
	} rows[] = {
	    {EVENT_JOIN_ROOM, "join-room", EVENT_IN},
	    {EVENT_LEAVE_ROOM, "leave-room", EVENT_IN},
	    {EVENT_MESSAGE, "message", EVENT_BOTH},
	    {EVENT_TYPING, "typing", EVENT_IN},
	    {EVENT_HISTORY, "history", EVENT_IN},
	    {EVENT_ROOM_USERS, "room-users", EVENT_IN},
	    {EVENT_MESSAGE_DELETED, "message-deleted", EVENT_OUT},
	    {EVENT_ROOM_JOINED, "room-joined", EVENT_OUT},
	    {EVENT_ROOM_LEFT, "room-left", EVENT_OUT},
	    {EVENT_ROOM_PRESENCE, "room-presence", EVENT_OUT},
	    {EVENT_USER_TYPING, "user-typing", EVENT_OUT},
	    {EVENT_USER_LEFT, "user-left", EVENT_OUT},
	    {EVENT_ERROR, "error", EVENT_OUT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(str_eqz(event_name(rows[i].event), rows[i].name));
		assert_int_equal(event_row(rows[i].event)->direction, rows[i].direction);
	}
}

static void every_kind_of_field_has_a_rule(void **state)
{
	(void)state;
	for (enum event_field_kind k = 0; k < EVENT_FIELD_KINDS; k++)
		assert_true(strlen(event_field_rule(k)) > 0);
	assert_non_null(strstr(event_field_rule(EVENT_FIELD_ROOM), "room-id"));
	assert_non_null(strstr(event_field_rule(EVENT_FIELD_MESSAGE_ID), "1 to 64"));
}

static const struct event_field *field_of(enum event e, const char *name)
{
	const struct event_field *f;

	for (size_t n = 0; (f = event_field(n)); n++) {
		if (f->event == e && strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

static void assert_field(
    enum event e, const char *name, enum event_field_kind kind, enum event_presence presence)
{
	const struct event_field *f = field_of(e, name);

	assert_non_null(f);
	assert_int_equal(f->kind, kind);
	assert_int_equal(f->presence, presence);
}

static void the_fields_are_those_that_clients_send(void **state)
{
	(void)state;
	assert_field(EVENT_JOIN_ROOM, "roomId", EVENT_FIELD_ROOM, EVENT_REQUIRED);
	assert_field(EVENT_LEAVE_ROOM, "roomId", EVENT_FIELD_ROOM, EVENT_REQUIRED);
	assert_field(EVENT_TYPING, "roomId", EVENT_FIELD_ROOM, EVENT_REQUIRED);
	assert_field(EVENT_MESSAGE, "roomId", EVENT_FIELD_ROOM, EVENT_REQUIRED);
	assert_field(EVENT_MESSAGE, "content", EVENT_FIELD_CONTENT, EVENT_REQUIRED);
	assert_field(EVENT_MESSAGE, "type", EVENT_FIELD_TYPE, EVENT_OPTIONAL);
	assert_field(EVENT_MESSAGE, "messageId", EVENT_FIELD_MESSAGE_ID, EVENT_OPTIONAL);
	assert_null(field_of(EVENT_JOIN_ROOM, "content"));
}

/* Only what clients send has fields, each kind once, and those of one event stand together. */
static void the_fields_are_in_order(void **state)
{
	const struct event_field *f;
	unsigned kinds = 0;
	enum event last = 0;

	(void)state;
	for (size_t n = 0; (f = event_field(n)); n++) {
		assert_true(f->event >= last && f->event < EVENTS);
		assert_true(event_row(f->event)->direction & EVENT_IN);
		assert_true(strlen(f->doc) > 0);
		if (f->event != last)
			kinds = 0;
		assert_false(kinds >> f->kind & 1);
		kinds |= 1u << f->kind;
		last = f->event;
	}
	assert_null(event_field(SIZE_MAX));
}

static void names_that_clients_keep_are_reserved(void **state)
{
	(void)state;
	assert_true(event_is_reserved(STR("connect")));
	assert_true(event_is_reserved(STR("disconnecting")));
	assert_true(event_is_reserved(STR("removeListener")));
	assert_false(event_is_reserved(STR("error")));
	assert_false(event_is_reserved(STR("connection")));
	assert_false(event_is_reserved(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_field_has_a_rule),
	    cmocka_unit_test(every_event_is_found_by_its_name),
	    cmocka_unit_test(other_names_are_unknown),
	    cmocka_unit_test(the_names_are_those_that_clients_know),
	    cmocka_unit_test(the_fields_are_those_that_clients_send),
	    cmocka_unit_test(the_fields_are_in_order),
	    cmocka_unit_test(names_that_clients_keep_are_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
