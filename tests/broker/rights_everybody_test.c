#include "broker/attend.h"
#include "broker/change.h"
#include "broker/entry.h"
#include "broker/look.h"
#include "broker/moderate.h"
#include "broker/rights.h"
#include "tests/broker/world.h"
#include "tests/fakes/turn.h"

#include <stdio.h>
#include <string.h>

/*
 * Everybody, everywhere, everything: each user there can be tries each thing in each room there can
 * be, and what he is answered is compared with the rules as expect() states them, once more and in
 * other words.
 */

enum { ROOM_ID = 7, DENIED = CLIENT_ERROR_ACCESS_DENIED, MISSING = CLIENT_ERROR_ROOM_NOT_FOUND };

/* The neighbour: an archive that takes every question. */
static unsigned pages_asked;

enum err archive_history(
    struct archive *a, uint64_t request, const struct reader_page *page, struct str room_name)
{
	(void)a;
	(void)request;
	(void)page;
	(void)room_name;
	pages_asked++;
	return ERR_OK;
}

struct who {
	bool is_granted, is_banned, is_muted;
	bool is_removed; /* he was a member and open sockets of his were there */
	enum role role;
};

static const struct place {
	const char *nsp, *room;
	bool exists, is_public, is_archived, is_personal;
} places[] = {
    {"/chat", "vault", true, true, false, false},
    {"/chat", "vault", true, false, false, false},
    {"/chat", "vault", true, true, true, false},
    {"/chat", "vault", true, false, true, false},
    {"/chat", "user:ann", true, false, false, true},
    {"/chat", "user:bob", true, false, false, true},
    {"/chat", "user:nobody", false, false, false, true},
    {"/chat", "missing", false, false, false, false},
    {"/fixed", "missing", false, false, false, false},
};

enum action {
	JOIN,
	LEAVE,
	MESSAGE,
	TYPING,
	HISTORY,
	USERS,
	RECOVER,
	KICK,
	BAN,
	UNBAN,
	MUTE,
	UNMUTE,
	ACTIONS
};

static const char *const deeds[ACTIONS] = {
    [KICK] = "kick", [BAN] = "ban", [UNBAN] = "unban", [MUTE] = "mute", [UNMUTE] = "unmute"};

/* ---- the rules, stated again ---- */

static bool belongs(const struct who *who, const struct place *place)
{
	if (who->is_banned || place->is_personal)
		return false;
	if (who->role != ROLE_NONE)
		return true;
	return !place->is_archived && (place->is_public || who->is_granted);
}

static int expect(
    const struct who *who, const struct place *place, enum action action, bool is_target_moderator)
{
	bool creates = strcmp(place->nsp, "/chat") == 0 && !place->is_personal;

	if (deeds[action] && strcmp(place->nsp, "/fixed") == 0)
		return CLIENT_ERROR_UNKNOWN_EVENT;
	if (action == LEAVE)
		return place->is_personal ? DENIED : 0;
	/* Who was put out has lost it, though he may join again. */
	if (action == RECOVER)
		return place->exists && belongs(who, place) && !who->is_removed ? 0 : DENIED;
	if (!place->exists && action == JOIN && creates)
		return 0;
	if (place->is_personal)
		return DENIED;
	if (!place->exists)
		return MISSING;
	if (!belongs(who, place))
		return DENIED;
	if (deeds[action])
		return who->role == ROLE_MODERATOR && !is_target_moderator ? 0 : DENIED;
	if ((action == MESSAGE || action == TYPING) && place->is_archived)
		return DENIED;
	if ((action == MESSAGE || action == TYPING) && who->is_muted)
		return CLIENT_ERROR_MUTED;
	return 0;
}

/* ---- setting it up, and doing it ---- */

static void connect_as(struct world *w, const struct place *place, const struct who *who,
    const char *socket, const char *pid)
{
	struct wire_message m = {.type = WIRE_CONNECT};

	m.as.connect = (struct wire_connect){.request = ++w->request,
	    .socket = str_of(socket),
	    .nsp = str_of(place->nsp),
	    .user = STR("ann"),
	    .username = STR("Ann"),
	    .grants = who->is_granted ? bytes_of("\x91\xa5vault", 7) : bytes_of("\x90", 1),
	    .recovery = true,
	    .pid = str_of(pid)};
	entry_on_connect(&w->b, &w->east, &m);
}

static void impose(struct world *w, enum sanction_kind kind)
{
	sanctions_put(w->b.sanctions,
	    &(struct sanction){.key = {.kind = kind, .user = STR("ann"), .room = ROOM_ID}});
}

static void set_rights(struct world *w, const struct who *who)
{
	if (who->role != ROLE_NONE || who->is_removed)
		memberships_put(w->b.memberships, ROOM_ID, STR("ann"),
		    who->is_removed ? ROLE_MEMBER : who->role, fake_turn_wall);
	if (who->is_banned)
		impose(w, SANCTION_BAN);
	if (who->is_muted)
		impose(w, SANCTION_MUTE);
}

static void remove_member(struct world *w)
{
	assert_int_equal(
	    change_put(&w->b,
		&(struct change_order){.kind = CHANGE_MEMBER, .room = ROOM_ID, .user = STR("ann")}),
	    ERR_OK);
	world_commit(w);
}

static void make_room(struct world *w, const struct place *place)
{
	if (place->exists && !place->is_personal) {
		struct room *r = rooms_load(w->b.rooms, ROOM_ID, str_of(place->nsp),
		    str_of(place->room), place->is_public, 0);

		r->is_archived = place->is_archived;
	}
}

static void look(struct world *w, enum action action, const char *room)
{
	struct wire_message m = {.type = WIRE_USERS};

	m.as.users = (struct wire_users){++w->request, STR("e1"), str_of(room)};
	if (action == USERS) {
		look_on_users(&w->b, &w->east, &m);
		return;
	}
	m.type = WIRE_HISTORY;
	m.as.history = (struct wire_history){
	    .request = w->request, .socket = STR("e1"), .room = str_of(room), .limit = 1};
	look_on_history(&w->b, &w->east, &m);
}

static void moderate(
    struct world *w, enum action action, const char *room, bool is_target_moderator)
{
	struct wire_message m = {.type = WIRE_MODERATE};

	if (is_target_moderator)
		memberships_put(
		    w->b.memberships, ROOM_ID, STR("bob"), ROLE_MODERATOR, fake_turn_wall);
	m.as.moderate = (struct wire_moderate){.request = ++w->request,
	    .socket = STR("e1"),
	    .action = str_of(deeds[action]),
	    .room = str_of(room),
	    .user = STR("bob")};
	moderate_on_message(&w->b, &w->east, &m);
	change_on_committed(&w->b, 0);
	world_commit(w);
}

/* The number of the error he is answered with, 0 = none. */
static int try(
    struct world *w, const struct place *place, enum action action, bool is_target_moderator)
{
	unsigned pages = pages_asked;

	switch (action) {
	case JOIN:
		world_join(w, &w->east, "e1", place->room);
		break;
	case LEAVE:
		world_leave(w, &w->east, "e1", place->room);
		break;
	case MESSAGE:
		world_publish(w, &w->east, "e1", place->room);
		break;
	case TYPING:
		if (place->exists)
			world_join(w, &w->east, "e1", place->room);
		world_typing(w, &w->east, "e1", place->room);
		break;
	case HISTORY:
	case USERS:
		look(w, action, place->room);
		if (pages_asked > pages)
			return 0;
		break;
	default:
		moderate(w, action, place->room, is_target_moderator);
	}
	world_commit(w);
	return world_last_error(w, &w->east);
}

/* He was there, lost his connection, and comes back as what he is now. 0: he is there again. */
static int try_to_recover(struct world *w, const struct place *place, const struct who *who)
{
	struct room *r = rooms_find(w->b.rooms, str_of(place->nsp), str_of(place->room));
	char pid[LIMIT_PID + 1];

	connect_as(w, place, who, "e1", "");
	world_commit(w);
	if (r) {
		attend_enter(&w->b, world_session(w, "e1"), r, ATTEND_TOLD);
		set_rights(w, who);
	}
	memcpy(pid, world_session(w, "e1")->pid, sizeof(pid));
	world_lose(w, &w->east, "e1");
	if (who->is_removed && r)
		remove_member(w);
	connect_as(w, place, who, "e2", pid);
	world_commit(w);
	assert_string_equal(world_session(w, "e2")->pid, pid);
	return r && member_find(r, world_session(w, "e2")) ? 0 : DENIED;
}

static int teardown(void **state)
{
	moderate_forget_all(&((struct world *)*state)->b);
	return world_teardown(state);
}

static int answer(
    const struct who *who, const struct place *place, enum action action, bool is_target_moderator)
{
	void *state;

	world_setup(&state);
	struct world *w = state;

	w->b.config.max_rooms = 50;
	w->b.config.recovery = true;
	make_room(w, place);
	int result;

	if (action == RECOVER && !place->is_personal) {
		result = try_to_recover(w, place, who);
	} else if (action == RECOVER) {
		result = DENIED;
	} else {
		set_rights(w, who);
		world_connect_to(w, &w->west, place->nsp, "w1", "bob");
		connect_as(w, place, who, "e1", "");
		world_commit(w);
		if (who->is_removed && place->exists && !place->is_personal)
			remove_member(w);
		result = try(w, place, action, is_target_moderator);
	}
	look_forget(&w->b, NULL);
	teardown(&state);
	return result;
}

static unsigned compare(const struct who *who, const struct place *place)
{
	unsigned count = 0;

	for (enum action action = 0; action < ACTIONS; action++) {
		for (int is_moderator = 0; is_moderator <= (deeds[action] != NULL);
		     is_moderator++, count++) {
			int expected = expect(who, place, action, is_moderator);
			int got = answer(who, place, action, is_moderator);

			if (got != expected)
				fail_msg(
				    "role %d granted %d banned %d muted %d removed %d, room %s "
				    "public %d archived %d, action %d on moderator %d: %d, "
				    "not %d",
				    who->role, who->is_granted, who->is_banned, who->is_muted,
				    who->is_removed, place->room, place->is_public,
				    place->is_archived, action, is_moderator, got, expected);
		}
	}
	return count;
}

static void test_everybody_everywhere(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned bits = 0; bits < 32; bits++) {
		enum role role = (enum role)(bits & 3);
		/* The fourth role: a member who was removed. */
		struct who who = {.role = role == ROLES ? ROLE_NONE : role,
		    .is_removed = role == ROLES,
		    .is_granted = bits & 4,
		    .is_banned = bits & 8,
		    .is_muted = bits & 16};

		for (size_t i = 0; i < ARRAY_LEN(places); i++)
			count += compare(&who, &places[i]);
	}
	assert_int_equal(count, 32 * 9 * (7 + 2 * 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_everybody_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
