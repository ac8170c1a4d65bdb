#include "broker/message.h"

#include "proto/message_id.h"
#include "proto/value.h"

void message_put(struct buf *out, struct str room, const struct reader_message *m)
{
	char id[MESSAGE_ID_LEN + 1];

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
