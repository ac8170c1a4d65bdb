#include "broker/dispatch.h"

#include "broker/admin.h"
#include "broker/attend.h"
#include "broker/entry.h"
#include "broker/look.h"
#include "broker/metrics.h"
#include "broker/missed.h"
#include "broker/moderate.h"
#include "broker/publish.h"
#include "broker/refresh.h"
#include "broker/share.h"
#include "broker/work.h"
#include "common/log.h"

typedef void wire_handler(struct broker *b, struct peer *p, const struct wire_message *m);

static void on_resumed(struct broker *b, struct peer *p, const struct wire_message *m)
{
	entry_on_resumed(b, p, m);
	share_on_resumed(b, p);
}

static wire_handler *const on_wire[WIRE_TYPES] = {
    [WIRE_CONNECT] = entry_on_connect,
    [WIRE_DISCONNECT] = entry_on_disconnect,
    [WIRE_RESUMED] = on_resumed,
    [WIRE_JOIN] = attend_on_join,
    [WIRE_LEAVE] = attend_on_leave,
    [WIRE_TYPING] = attend_on_typing,
    [WIRE_PUBLISH] = publish_on_message,
    [WIRE_USERS] = look_on_users,
    [WIRE_HISTORY] = look_on_history,
    [WIRE_REPLAY] = missed_on_replay,
    [WIRE_MODERATE] = moderate_on_message,
    [WIRE_AUTH] = refresh_on_auth,
    [WIRE_WHY_ANSWER] = admin_on_why_answer,
};

void dispatch_on_message(struct broker *b, struct peer *p, const struct wire_message *m)
{
	metrics_add(b->metrics, METRIC_LINK_IN, 0, 0, 1);
	if (on_wire[m->type])
		on_wire[m->type](b, p, m);
	else if (!work_on_message(b, p, m))
		log_warn("peer.unexpected", LOG_Z(PEER, peer_name(p)),
		    LOG_Z(MESSAGE, wire_name(m->type)));
}
