#include "broker/limit.h"

#include "broker/metrics.h"
#include "broker/rate.h"
#include "broker/say.h"
#include "common/log.h"

#include <stdlib.h>

/* Each NULL when there is no such limit. */
struct limits {
	struct rate *messages, *connects;
};

static struct rate *make(const struct config *c, uint64_t max)
{
	const struct rate_conf conf = {max, c->rate_window_ms, c->rate_users_max};

	return max ? rate_new(&conf) : NULL;
}

struct limits *limits_new(const struct config *c)
{
	struct limits *l = xcalloc(1, sizeof(*l));

	l->messages = make(c, c->messages_per_window);
	l->connects = make(c, c->connects_per_window);
	return l;
}

void limits_free(struct limits **l)
{
	if (!*l)
		return;
	rate_free(&(*l)->messages);
	rate_free(&(*l)->connects);
	free(*l);
	*l = NULL;
}

/* Whom it is said of once, and how often in all. */
static void note(
    struct broker *b, enum metric counter, struct str user, const struct rate_refusal *refusal)
{
	metrics_add(b->metrics, counter, 0, 0, 1);
	if (refusal->is_news)
		log_info("user.limited", LOG_S(USER_ID, user),
		    LOG_Z(REASON, counter == METRIC_LIMITED_MESSAGES ? "messages" : "connects"),
		    LOG_U(DURATION, refusal->retry_after_ms));
}

/* As the choices of the option. */
enum { EXEMPT_NONE, EXEMPT_MODERATORS };

static bool is_exempt(const struct broker *b, const struct session *s, const struct room *r)
{
	return b->config.rate_exempt == EXEMPT_MODERATORS &&
	       memberships_role(b->memberships, r->id, str_of(s->user->id)) ==
		   ROLE_MODERATOR;
}

bool limit_message(
    struct broker *b, const struct session *s, const struct room *r, uint64_t request)
{
	struct str user = str_of(s->user->id);
	struct rate *rate = b->limits->messages;
	struct rate_refusal refusal;

	if (!rate || is_exempt(b, s, r) || rate_take(rate, user, turn_now(b->turn), &refusal))
		return true;
	note(b, METRIC_LIMITED_MESSAGES, user, &refusal);
	say_limited(b, s->peer, request, refusal.retry_after_ms);
	return false;
}

bool limit_connect(struct broker *b, struct peer *p, const struct wire_connect *c)
{
	struct rate *rate = b->limits->connects;
	struct rate_refusal refusal;

	if (!rate || rate_take(rate, c->user, turn_now(b->turn), &refusal))
		return true;
	note(b, METRIC_LIMITED_CONNECTS, c->user, &refusal);
	say_limited(b, p, c->request, refusal.retry_after_ms);
	return false;
}

void limit_on_tick(struct broker *b)
{
	if (b->limits->messages)
		rate_on_tick(b->limits->messages, turn_now(b->turn));
	if (b->limits->connects)
		rate_on_tick(b->limits->connects, turn_now(b->turn));
}

size_t limit_users(const struct broker *b)
{
	const struct limits *l = b->limits;

	return (l->messages ? rate_users(l->messages) : 0) +
	       (l->connects ? rate_users(l->connects) : 0);
}

uint64_t limit_forgotten(const struct broker *b)
{
	const struct limits *l = b->limits;

	return (l->messages ? rate_forgotten(l->messages) : 0) +
	       (l->connects ? rate_forgotten(l->connects) : 0);
}
