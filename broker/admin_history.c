#include "broker/admin_priv.h"
#include "broker/erase.h"
#include "broker/prune.h"
#include "common/log.h"
#include "proto/message_id.h"
#include "proto/value_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

enum { MS_PER_S = 1000 };

/* A history command whose page is being read. */
struct waiting {
	uint64_t ticket;
	uint64_t request;
	struct link_address to;
	UT_hash_handle hh;
};

enum err admin_on_history(struct command_call *call)
{
	struct admin *a = call->broker->admin;
	struct room *r = admin_find_room(call);
	uint64_t limit = admin_arg_u64(call, "limit", LIMIT_HISTORY_DEFAULT);
	struct bytes after;

	if (!r)
		return ERR_NOT_FOUND;
	if (limit == 0 || limit > LIMIT_HISTORY_PAGE) {
		snprintf(call->why, sizeof(call->why), "limit must be 1 to %d", LIMIT_HISTORY_PAGE);
		return ERR_INVALID;
	}
	struct reader_page page = {
	    .room = r->id,
	    .before = admin_arg_u64(call, "before", 0),
	    .after = admin_arg_u64(call, "after", 0),
	    .has_after = value_map_get(call->args, STR("after"), &after) == ERR_OK,
	    .limit = (unsigned)limit,
	};
	enum err e =
	    archive_history(a->broker->archive, ++a->broker->last_ticket, &page, str_of(r->name));

	if (e) {
		snprintf(call->why, sizeof(call->why), "too many history requests, try again");
		return e;
	}
	struct waiting *w = xcalloc(1, sizeof(*w));

	w->ticket = a->broker->last_ticket;
	w->request = call->request;
	w->to = *call->from;
	HASH_ADD(hh, a->waiting, ticket, sizeof(w->ticket), w);
	call->is_answered_later = true;
	return ERR_OK;
}

void admin_on_page(struct admin *a, const struct archive_answer *answer)
{
	struct waiting *w;
	struct buf value = {0};

	HASH_FIND(hh, a->waiting, &answer->request, sizeof(answer->request), w);
	if (!w)
		return;
	if (!answer->error) {
		value_put_map(&value, 2);
		value_put_raw_pair(&value, STR("messages"), answer->messages);
		value_put_bool_pair(&value, STR("more"), answer->more);
	}
	admin_send_answer(a, &w->to, w->request, answer->error, "the database could not be read",
	    buf_bytes(&value));
	buf_free(&value);
	HASH_DEL(a->waiting, w);
	free(w);
}

void admin_forget_pages(struct admin *a)
{
	struct waiting *w, *next;

	HASH_ITER(hh, a->waiting, w, next)
	{
		HASH_DEL(a->waiting, w);
		free(w);
	}
}

/* A command that is answered when the deletion is committed. */
struct deletion {
	struct admin *admin;
	struct link_address to;
	uint64_t request;
	struct buf value;
};

static void on_deleted(void *ctx, enum err error)
{
	struct deletion *d = ctx;

	/* The store, while it closes, may commit it or not: no answer is known to be true. */
	if (error != ERR_CLOSED)
		admin_send_answer(d->admin, &d->to, d->request, error,
		    "the database could not take it; nothing was deleted",
		    buf_bytes(&d->value));
	buf_free(&d->value);
	free(d);
}

enum err admin_on_delete(struct command_call *call)
{
	struct deletion *d = xcalloc(1, sizeof(*d));
	struct erase_order order = {.done = on_deleted, .ctx = d};
	struct str id = admin_arg_str(call, "id", "");
	struct erased erased;
	enum err e = message_id_parse(id, &order.target);

	*d = (struct deletion){.admin = call->broker->admin, .to = *call->from, .request = call->request};
	if (e)
		snprintf(call->why, sizeof(call->why), "\"%.*s\" is no id of a message",
		    STR_ARG(admin_cut(id)));
	else
		e = erase_message(call->broker, &order, call->why, &erased);
	if (e) {
		free(d);
		return e;
	}
	value_put_map(&d->value, 4);
	value_put_str_pair(&d->value, STR("id"), id);
	value_put_str_pair(&d->value, STR("nsp"), str_of(erased.room->nsp));
	value_put_str_pair(&d->value, STR("room"), str_of(erased.room->name));
	value_put_u64_pair(&d->value, STR("seq"), erased.seq);
	call->is_answered_later = true;
	return ERR_OK;
}

enum err admin_on_prune(struct command_call *call)
{
	struct broker *b = call->broker;
	struct str nsp = admin_arg_str(call, "nsp", "");
	int64_t older = (int64_t)admin_arg_u64(call, "older-than", 0) * MS_PER_S;
	struct wall before = {turn_wall(b->turn).ms - older};

	if (nsp.len && !namespaces_find(b->config.namespaces, b->config.namespace_count, nsp)) {
		snprintf(call->why, sizeof(call->why), "no namespace %.*s in the configuration",
		    STR_ARG(admin_cut(nsp)));
		return ERR_NOT_FOUND;
	}
	prune_order(b, nsp, before);
	log_notice("prune.ordered", LOG_S(NSP, nsp), LOG_U(DURATION, (uint64_t)older));
	value_put_map(&call->value, 2);
	value_put_str_pair(&call->value, STR("nsp"), nsp.len ? nsp : STR("all"));
	value_put_u64_pair(&call->value, STR("before"), (uint64_t)before.ms);
	return ERR_OK;
}
