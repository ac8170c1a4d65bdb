#include "broker/news.h"

#include "broker/admin.h"
#include "broker/catchup.h"
#include "broker/change.h"
#include "broker/erase.h"
#include "broker/look.h"
#include "broker/missed.h"
#include "broker/prune.h"
#include "broker/publish.h"

static void on_committed(void *up, uint64_t batch)
{
	struct broker *b = up;

	publish_on_committed(b, batch);
	change_on_committed(b, batch);
	erase_on_committed(b, batch);
	prune_on_committed(b);
	admin_on_stored(b->admin, batch, ERR_OK);
}

static void on_failed(void *up, uint64_t batch, const char *why)
{
	struct broker *b = up;

	publish_on_failed(b, why);
	change_on_failed(b);
	erase_on_failed(b);
	prune_on_failed(b);
	admin_on_stored(b->admin, batch, ERR_IO);
}

const struct store_events news_of_store = {.on_committed = on_committed, .on_failed = on_failed};

static void on_page(void *up, const struct archive_answer *answer)
{
	struct broker *b = up;

	if (!missed_on_page(b, answer) && !look_on_page(b, answer))
		admin_on_page(b->admin, answer);
}

static void on_log(void *up, const struct archive_log *log)
{
	struct broker *b = up;

	if (!admin_on_log(b->admin, log))
		catchup_on_log(b, log);
}

static void on_plan(void *up, uint64_t request, enum err error, const struct plan *plan)
{
	prune_on_plan(up, request, error, plan);
}

const struct archive_events news_of_archive = {
    .on_page = on_page, .on_log = on_log, .on_plan = on_plan};

static void on_send(void *up, struct peer *to, struct frame *message, uint64_t gseq)
{
	(void)up;
	if (gseq)
		peer_deliver(to, gseq, message);
	else
		peer_put_encoded(to, frame_bytes(message));
}

const struct outbox_events news_of_outbox = {.on_send = on_send};

uint64_t news_get_gseq(void *broker)
{
	return ((struct broker *)broker)->gseq;
}

uint64_t news_get_released(void *broker)
{
	return ((struct broker *)broker)->released;
}

uint64_t news_get_pruned(void *broker)
{
	return ((struct broker *)broker)->pruned;
}

bool news_is_owed(void *broker, const struct peer *p)
{
	return outbox_has_for(((struct broker *)broker)->outbox, p);
}

void news_on_begun(void *broker, struct peer *p)
{
	outbox_forget_answers(((struct broker *)broker)->outbox, p);
}
