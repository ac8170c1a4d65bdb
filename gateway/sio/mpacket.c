#include "gateway/sio/mpacket.h"

#include "gateway/sio/client.h"
#include "gateway/sio/plain.h"
#include "proto/limits.h"
#include "proto/value.h"

/* The values of the four keys, as they stand in the message; empty = left out. */
struct parts {
	struct bytes type, nsp, data, id;
};

static void keep(struct parts *parts, struct str key, struct bytes value)
{
	const struct {
		const char *key;
		struct bytes *part;
	} rows[] = {{"type", &parts->type}, {"nsp", &parts->nsp}, {"data", &parts->data},
	    {"id", &parts->id}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (str_eqz(key, rows[i].key))
			*rows[i].part = plain_is_undefined(value) ? (struct bytes){0} : value;
	}
}

static enum err take_apart(struct bytes message, struct parts *ret)
{
	struct value_reader r = value_reader(message);
	struct bytes key, value;
	struct str name;
	struct value map;

	if (value_next(&r, &map) || map.type != VALUE_MAP)
		return ERR_MALFORMED;
	for (uint32_t pairs = map.as.count; pairs > 0; pairs--) {
		if (value_skip(&r, &key) || value_skip(&r, &value))
			return ERR_MALFORMED;
		if (value_as_str(key, &name))
			keep(ret, name, value);
	}
	return value_at_end(&r) ? ERR_OK : ERR_MALFORMED;
}

static enum err decode_head(const struct parts *parts, struct packet *p)
{
	uint64_t type;

	if (!value_as_u64(parts->type, &type) || type > PACKET_ACK ||
	    !value_as_str(parts->nsp, &p->nsp) || !str_is_utf8(p->nsp))
		return ERR_MALFORMED;
	p->type = (enum packet_type)type;
	p->has_ack = parts->id.len > 0;
	if (p->has_ack && !value_as_u64(parts->id, &p->ack_id))
		return ERR_MALFORMED;
	return p->nsp.len > LIMIT_NSP || p->ack_id > PACKET_ACK_ID_MAX ? ERR_TOO_BIG : ERR_OK;
}

/* What data of a packet is; nil = it has none. */
static const enum value_type data_types[PACKET_TYPES] = {
    [PACKET_CONNECT] = VALUE_MAP,
    [PACKET_DISCONNECT] = VALUE_NIL,
    [PACKET_EVENT] = VALUE_ARRAY,
    [PACKET_ACK] = VALUE_ARRAY,
};

static enum err decode_data(
    struct bytes data, const struct packet_limits *limits, struct buf *scratch, struct packet *p)
{
	struct plain_limits plain = {limits->max_data_bytes, limits->max_attachments};
	struct value_reader r = value_reader(data);
	enum value_type type = data_types[p->type];
	size_t start = scratch->len;
	struct value v;

	if (data.len == 0)
		return type == VALUE_ARRAY ? ERR_MALFORMED : ERR_OK;
	if (type == VALUE_NIL || value_next(&r, &v) || v.type != type)
		return ERR_MALFORMED;
	enum err e = plain_read(data, &plain, scratch);

	if (e)
		return e;
	if (p->type == PACKET_EVENT)
		return packet_split_event(scratch, start, p);
	p->data = bytes_of(buf_bytes(scratch).p + start, scratch->len - start);
	return ERR_OK;
}

enum err mpacket_decode(struct bytes message, const struct packet_limits *limits,
    struct buf *scratch, struct packet *ret)
{
	struct parts parts = {0};
	struct packet p = {0};
	enum err e = take_apart(message, &parts);

	if (!e)
		e = decode_head(&parts, &p);
	if (!e)
		e = decode_data(parts.data, limits, scratch, &p);
	if (!e)
		*ret = p;
	return e;
}

/* The map up to its other keys. */
static void put_head(struct buf *out, enum packet_type type, struct str nsp, uint32_t others)
{
	value_put_map(out, 2 + others);
	value_put_u64_pair(out, STR("type"), type);
	value_put_str_pair(out, STR("nsp"), nsp);
}

void mpacket_put_connect(struct buf *out, struct str nsp, struct str sid, struct str pid)
{
	put_head(out, PACKET_CONNECT, nsp, 1);
	value_put_str(out, STR("data"));
	value_put_map(out, 1 + (pid.len > 0));
	value_put_str_pair(out, STR("sid"), sid);
	if (pid.len > 0)
		value_put_str_pair(out, STR("pid"), pid);
}

void mpacket_put_connect_error(
    struct buf *out, struct str nsp, struct str message, struct bytes data)
{
	put_head(out, PACKET_CONNECT_ERROR, nsp, 1);
	value_put_str(out, STR("data"));
	value_put_map(out, 1 + (data.len > 0));
	value_put_str_pair(out, STR("message"), message);
	if (data.len > 0)
		value_put_raw_pair(out, STR("data"), data);
}

void mpacket_put_disconnect(struct buf *out, struct str nsp)
{
	put_head(out, PACKET_DISCONNECT, nsp, 0);
}

static void put_event_data(struct buf *out, struct str name, struct bytes args)
{
	struct value_reader r = value_reader(args);
	struct value array;
	bool is_array = value_next(&r, &array) == ERR_OK && array.type == VALUE_ARRAY;

	value_put_str(out, STR("data"));
	value_put_array(out, is_array ? array.as.count + 1 : 1);
	value_put_str(out, name);
	if (is_array)
		buf_put(out, bytes_of(r.p, (size_t)(r.end - r.p)));
}

void mpacket_put_event(struct buf *out, struct str nsp, struct str name, struct bytes args)
{
	put_head(out, PACKET_EVENT, nsp, 1);
	put_event_data(out, name, args);
}

void mpacket_put_question(struct buf *out, struct str nsp, const struct sio_event *event)
{
	put_head(out, PACKET_EVENT, nsp, 2);
	value_put_u64_pair(out, STR("id"), event->ack_id);
	put_event_data(out, event->name, event->args);
}

void mpacket_put_ack(struct buf *out, struct str nsp, uint64_t ack_id, struct bytes args)
{
	put_head(out, PACKET_ACK, nsp, 2);
	value_put_u64_pair(out, STR("id"), ack_id);
	value_put_raw_pair(out, STR("data"), args);
}
