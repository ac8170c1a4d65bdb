#include "broker/presence.h"

#include "broker/say.h"
#include "proto/events.h"
#include "proto/value.h"

/* Rooms that are told of in one go; the others have their turn. */
enum { ROOMS_A_TURN = 500 };

void presence_init(struct broker *b)
{
	timer_queue_init(&b->presence, b->config.presence_tick_ms);
}

static void put_count(struct buf *args, const struct room *r)
{
	value_put_str_pair(args, STR("roomId"), str_of(r->name));
	value_put_u64_pair(args, STR("usersCount"), room_user_count(r));
}

/* Without the disk it is so all the same. */
static void say(struct broker *b, const struct room *r, struct buf *args, struct say_event *event)
{
	event->args = buf_bytes(args);
	event->is_so_anyway = true;
	say_to_room(b, r, event);
	buf_free(args);
}

/* Everybody knows now how many there are. */
static void settle(struct room *r)
{
	timer_stop(&r->presence);
	r->presence_change = 0;
	r->presence_fresh = 0;
	r->presence_round++;
}

static void tell_count(struct broker *b, struct room *r)
{
	struct buf args = {0};

	value_put_array(&args, 1);
	value_put_map(&args, 2);
	put_count(&args, r);
	say(b, r, &args, &(struct say_event){.name = event_name(EVENT_ROOM_PRESENCE)});
	settle(r);
}

static void tell_of(struct broker *b, struct room *r, const struct user *u, const char *action,
    struct say_event *event)
{
	struct buf args = {0};

	value_put_array(&args, 1);
	value_put_map(&args, 4);
	put_count(&args, r);
	value_put_str_pair(&args, STR("userId"), str_of(u->id));
	value_put_str_pair(&args, STR("action"), str_of(action));
	event->name = event_name(EVENT_ROOM_PRESENCE);
	say(b, r, &args, event);
	settle(r);
}

void presence_put_user(struct buf *args, const struct room *r, const struct user *u)
{
	value_put_map(args, 3);
	value_put_str_pair(args, STR("roomId"), str_of(r->name));
	value_put_str_pair(args, STR("userId"), str_of(u->id));
	value_put_str_pair(args, STR("username"), str_of(u->username));
}

static void tell_left(struct broker *b, const struct presence_parting *who)
{
	struct buf args = {0};

	value_put_array(&args, 1);
	presence_put_user(&args, who->room, who->session->user);
	say(b, who->room, &args,
	    &(struct say_event){.name = event_name(EVENT_USER_LEFT), .batch = who->batch});
}

static void gather(struct broker *b, struct room *r, int change)
{
	r->presence_change += change;
	if (!timer_is_running(&r->presence))
		timer_start(&r->presence, &b->presence, turn_now(b->turn));
}

void presence_entered(struct broker *b, struct member *m, bool is_first)
{
	struct room *r = m->room;

	if (is_first && room_user_count(r) <= b->config.presence_detail_max)
		tell_of(
		    b, r, m->session->user, "joined", &(struct say_event){.except = m->session});
	else if (is_first)
		gather(b, r, 1);
	/* Its answer tells a number that the others have not heard of. */
	if (timer_is_running(&r->presence)) {
		m->round = r->presence_round;
		r->presence_fresh++;
	}
}

void presence_left(struct broker *b, const struct presence_parting *who)
{
	struct room *r = who->room;

	if (timer_is_running(&r->presence) && who->round == r->presence_round)
		r->presence_fresh--;
	if (!who->is_last)
		return;
	/* The same limit both ways: the one whose coming was a number goes as one. */
	if (room_user_count(r) >= b->config.presence_detail_max) {
		gather(b, r, -1);
		return;
	}
	tell_of(b, r, who->session->user, "left", &(struct say_event){.batch = who->batch});
	tell_left(b, who);
}

void presence_on_pace(void *broker)
{
	struct broker *b = broker;
	struct timer *t;

	for (int i = 0;
	     i < ROOMS_A_TURN && (t = timer_queue_expire(&b->presence, turn_now(b->turn))); i++) {
		struct room *r = CONTAINER_OF(t, struct room, presence);

		if (r->presence_change || r->presence_fresh)
			tell_count(b, r);
		else
			settle(r);
	}
}
