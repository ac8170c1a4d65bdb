#include "broker/message.h"

#include "proto/events.h"
#include "proto/message_id.h"
#include "proto/value.h"
#include "proto/wire.h"

struct str message_event(const struct reader_message *m)
{
	return event_name(m->deleted ? EVENT_MESSAGE_DELETED : EVENT_MESSAGE);
}

/* `more`: pairs that the caller adds. */
static void put_deleted(
    struct buf *out, struct str room, const struct reader_message *m, uint32_t more)
{
	char id[MESSAGE_ID_LEN + 1];

	message_id_text(m->deleted, id);
	value_put_map(out, 3 + more);
	value_put_str_pair(out, STR("id"), str_of(id));
	value_put_str_pair(out, STR("roomId"), room);
	value_put_u64_pair(out, STR("seq"), m->seq);
}

void message_put(struct buf *out, struct str room, const struct reader_message *m)
{
	char id[MESSAGE_ID_LEN + 1];

	if (m->deleted) {
		put_deleted(out, room, m, 0);
		return;
	}
	message_id_text(m->gseq, id);
	value_put_map(out, 8);
	value_put_str_pair(out, STR("id"), str_of(id));
	value_put_str_pair(out, STR("roomId"), room);
	value_put_u64_pair(out, STR("seq"), m->seq);
	value_put_str_pair(out, STR("userId"), m->user);
	value_put_str_pair(out, STR("username"), m->username);
	value_put_raw_pair(out, STR("content"), m->content);
	value_put_str_pair(out, STR("type"), m->type);
	value_put_str(out, STR("timestamp"));
	value_put_i64(out, m->timestamp.ms);
}

void message_put_kept(struct buf *out, struct str room, const struct reader_message *m)
{
	if (!m->deleted) {
		message_put(out, room, m);
		return;
	}
	put_deleted(out, room, m, 1);
	value_put_bool_pair(out, STR("deleted"), true);
}

void message_put_deliver(struct buf *out, const struct reader_entry *entry)
{
	struct wire_message m = {.type = WIRE_DELIVER};
	struct buf args = {0};

	value_put_array(&args, 1);
	message_put(&args, entry->name, &entry->message);
	m.as.deliver = (struct wire_deliver){
	    .gseq = entry->message.gseq,
	    .nsp = entry->nsp,
	    .room = entry->name,
	    .event = message_event(&entry->message),
	    .args = buf_bytes(&args),
	};
	wire_put(out, &m);
	buf_free(&args);
}
