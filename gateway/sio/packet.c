#include "gateway/sio/packet.h"

#include "gateway/sio/client.h"
#include "gateway/sio/json.h"
#include "gateway/sio/query.h"
#include "proto/events.h"
#include "proto/limits.h"
#include "proto/value.h"

#include <string.h>

/* What the packet still has to say. */
struct cursor {
	struct str rest;
	struct str query; /* of the namespace */
};

static struct str take(struct cursor *c, size_t n)
{
	struct str taken = {c->rest.p, n};

	c->rest = (struct str){c->rest.p + n, c->rest.len - n};
	return taken;
}

static bool begins_with(const struct cursor *c, char first)
{
	return c->rest.len > 0 && c->rest.p[0] == first;
}

static struct str take_digits(struct cursor *c)
{
	size_t n = 0;

	while (n < c->rest.len && c->rest.p[n] >= '0' && c->rest.p[n] <= '9')
		n++;
	return take(c, n);
}

static enum err decode_type(struct cursor *c, enum packet_type *ret)
{
	if (c->rest.len == 0) {
		*ret = PACKET_CONNECT;
		return ERR_OK;
	}
	unsigned type = (unsigned)(unsigned char)take(c, 1).p[0] - '0';

	if (type >= PACKET_TYPES || type == PACKET_CONNECT_ERROR)
		return ERR_MALFORMED;
	*ret = type;
	return ERR_OK;
}

/* "<n>-": an event or ack with attachments is one of the plain types with something to come. */
static enum err decode_attachments(
    struct cursor *c, const struct packet_limits *limits, struct packet *p)
{
	uint64_t attachments;

	if (p->type != PACKET_BINARY_EVENT && p->type != PACKET_BINARY_ACK)
		return ERR_OK;
	struct str digits = take_digits(c);

	if (!begins_with(c, '-'))
		return ERR_MALFORMED;
	take(c, 1);
	/* No digits at all count as none, as stock clients' own parser has it. */
	enum err e =
	    str_to_u64(digits.len ? digits : STR("0"), limits->max_attachments, &attachments);

	if (e)
		return e;
	p->attachments = (unsigned)attachments;
	p->type = p->type == PACKET_BINARY_EVENT ? PACKET_EVENT : PACKET_ACK;
	return ERR_OK;
}

/* "/name?query": the name stays. */
static void split_query(struct cursor *c, struct packet *p)
{
	const char *sign = memchr(p->nsp.p, '?', p->nsp.len);
	size_t len = sign ? (size_t)(sign - p->nsp.p) : p->nsp.len;

	if (sign)
		c->query = (struct str){sign + 1, p->nsp.len - len - 1};
	p->nsp.len = len;
}

static enum err decode_nsp(struct cursor *c, const struct packet_limits *limits, struct packet *p)
{
	p->nsp = STR("/");
	if (!begins_with(c, '/'))
		return ERR_OK;
	const char *comma = memchr(c->rest.p, ',', c->rest.len);

	p->nsp = take(c, comma ? (size_t)(comma - c->rest.p) : c->rest.len);
	if (comma)
		take(c, 1);
	if (limits->has_queries)
		split_query(c, p);
	if (p->nsp.len > LIMIT_NSP)
		return ERR_TOO_BIG;
	return str_is_utf8(p->nsp) ? ERR_OK : ERR_MALFORMED;
}

static enum err decode_ack_id(struct cursor *c, struct packet *p)
{
	struct str digits = take_digits(c);

	p->has_ack = digits.len > 0;
	return p->has_ack ? str_to_u64(digits, PACKET_ACK_ID_MAX, &p->ack_id) : ERR_OK;
}

/* Appends the name, an encoded value in scratch, as the text JavaScript makes of it. */
static enum err append_name(struct buf *scratch, struct bytes encoded)
{
	struct value_reader r = value_reader(encoded);
	uint8_t number[9]; /* the longest: what is read must not move while scratch grows */
	struct value v;

	if (value_next(&r, &v))
		return ERR_MALFORMED;
	if (v.type == VALUE_STR) {
		size_t at = (size_t)((const uint8_t *)v.as.s.p - buf_bytes(scratch).p);
		char *copy = (char *)buf_extend(scratch, v.as.s.len);

		memcpy(copy, buf_bytes(scratch).p + at, v.as.s.len);
		return event_is_reserved((struct str){copy, v.as.s.len}) ? ERR_MALFORMED : ERR_OK;
	}
	if (v.type != VALUE_INT && v.type != VALUE_UINT && v.type != VALUE_DOUBLE)
		return ERR_MALFORMED;
	memcpy(number, encoded.p, encoded.len);
	json_write(scratch, bytes_of(number, encoded.len));
	return ERR_OK;
}

/*
 * Does not move the arguments: the name goes to the end as text, and in front of the arguments its
 * place is taken by the head of their own array, which is never longer than both.
 */
enum err packet_split_event(struct buf *scratch, size_t start, struct packet *p)
{
	struct bytes all = buf_bytes(scratch);
	struct value_reader r = value_reader((struct bytes){all.p + start, all.len - start});
	struct bytes name;
	struct value array;

	if (value_next(&r, &array) || array.as.count == 0 || value_skip(&r, &name))
		return ERR_MALFORMED;
	size_t arguments = (size_t)(r.p - all.p);
	enum err e = append_name(scratch, name);

	if (e)
		return e;
	size_t name_end = scratch->len;

	value_put_array(scratch, array.as.count - 1);
	size_t head = scratch->len - name_end;
	uint8_t *base = frame_data(scratch->store);

	memcpy(base + arguments - head, base + name_end, head);
	buf_truncate(scratch, name_end);
	p->name = (struct str){(char *)base + all.len, name_end - all.len};
	p->data = (struct bytes){base + arguments - head, all.len - (arguments - head)};
	return ERR_OK;
}

/* The character that data of a packet begins with; '\0' = it has none. */
static const char data_begins[PACKET_TYPES] = {
    [PACKET_CONNECT] = '{', [PACKET_EVENT] = '[', [PACKET_ACK] = '['};

static enum err decode_data(
    struct cursor *c, const struct packet_limits *limits, struct buf *scratch, struct packet *p)
{
	size_t start = scratch->len;

	if (c->rest.len == 0)
		return ERR_OK;
	if (data_begins[p->type] == '\0' || !begins_with(c, data_begins[p->type]))
		return ERR_MALFORMED;
	enum err e = json_read(c->rest, limits->max_data_bytes, scratch);

	if (e)
		return e;
	if (p->type == PACKET_EVENT)
		return packet_split_event(scratch, start, p);
	struct bytes all = buf_bytes(scratch);

	p->data = (struct bytes){all.p + start, all.len - start};
	return ERR_OK;
}

/* Of CONNECT with a query, whatever else it has. */
static enum err decode_query(const struct cursor *c, const struct packet_limits *limits,
    struct buf *scratch, struct packet *p)
{
	size_t start = scratch->len;

	if (!limits->has_queries || p->type != PACKET_CONNECT)
		return ERR_OK;
	p->data = (struct bytes){0};
	if (c->query.len == 0)
		return ERR_OK;
	enum err e = query_read(c->query, limits->max_data_bytes, scratch);

	if (!e)
		p->data = bytes_of(buf_bytes(scratch).p + start, scratch->len - start);
	return e;
}

/* Everything before the data. */
static enum err decode_head(struct cursor *c, const struct packet_limits *limits, struct packet *p)
{
	enum err e = decode_type(c, &p->type);

	if (!e)
		e = decode_attachments(c, limits, p);
	if (!e)
		e = decode_nsp(c, limits, p);
	if (!e)
		e = decode_ack_id(c, p);
	return e;
}

enum err packet_peek_event(struct str head, const struct packet_limits *limits, struct packet *ret)
{
	struct cursor c = {.rest = head};
	struct packet p = {0};
	enum err e = decode_head(&c, limits, &p);

	/* Else there may be more to come of the ack id. */
	if (!e && (p.type != PACKET_EVENT || !begins_with(&c, data_begins[PACKET_EVENT])))
		e = ERR_MALFORMED;
	if (!e)
		*ret = p;
	return e;
}

enum err packet_decode(
    struct str text, const struct packet_limits *limits, struct buf *scratch, struct packet *ret)
{
	struct cursor c = {.rest = text};
	struct packet p = {0};
	enum err e = decode_head(&c, limits, &p);

	if (!e)
		e = decode_data(&c, limits, scratch, &p);
	if (!e)
		e = decode_query(&c, limits, scratch, &p);
	if (!e)
		*ret = p;
	return e;
}

static void put_nsp(struct buf *out, struct str nsp)
{
	if (str_eqz(nsp, "/"))
		return;
	buf_puts(out, nsp);
	buf_putc(out, ',');
}

/* Everything before ack id and data. */
static void put_head(struct buf *out, enum packet_type type, struct str nsp)
{
	buf_put_u64(out, type);
	put_nsp(out, nsp);
}

void packet_put_connect(struct buf *out, struct str nsp, struct str sid, struct str pid)
{
	put_head(out, PACKET_CONNECT, nsp);
	buf_puts(out, STR("{\"sid\":"));
	json_write_str(out, sid);
	if (pid.len > 0) {
		buf_puts(out, STR(",\"pid\":"));
		json_write_str(out, pid);
	}
	buf_putc(out, '}');
}

void packet_put_connect_error(
    struct buf *out, struct str nsp, struct str message, struct bytes data)
{
	put_head(out, PACKET_CONNECT_ERROR, nsp);
	buf_puts(out, STR("{\"message\":"));
	json_write_str(out, message);
	if (data.len > 0) {
		buf_puts(out, STR(",\"data\":"));
		json_write(out, data);
	}
	buf_putc(out, '}');
}

void packet_put_connect_legacy(struct buf *out, struct str nsp, struct str sid, struct str pid)
{
	(void)sid;
	(void)pid;
	put_head(out, PACKET_CONNECT, nsp);
}

void packet_put_refusal_legacy(
    struct buf *out, struct str nsp, struct str message, struct bytes data)
{
	put_head(out, PACKET_CONNECT_ERROR, nsp);
	if (data.len > 0)
		json_write(out, data);
	else
		json_write_str(out, message);
}

void packet_put_disconnect(struct buf *out, struct str nsp)
{
	put_head(out, PACKET_DISCONNECT, nsp);
}

/* The head of an event or ack whose data has so many bins. */
static void put_binary_head(
    struct buf *out, enum packet_type type, unsigned attachments, struct str nsp)
{
	if (attachments == 0) {
		put_head(out, type, nsp);
		return;
	}
	buf_put_u64(out, type == PACKET_EVENT ? PACKET_BINARY_EVENT : PACKET_BINARY_ACK);
	buf_put_u64(out, attachments);
	buf_putc(out, '-');
	put_nsp(out, nsp);
}

/* next: the number of the next attachment, NULL = there are none. */
static void put_data(struct buf *out, struct bytes value, unsigned *next)
{
	if (next)
		json_write_attached(out, value, next);
	else
		json_write(out, value);
}

/* What stands in brackets: the name, then the arguments. */
static void put_event_data(
    struct buf *out, struct str name, struct bytes args, unsigned attachments)
{
	struct value_reader r = value_reader(args);
	unsigned next = 0;
	struct bytes argument;
	struct value array;

	buf_putc(out, '[');
	json_write_str(out, name);
	if (value_next(&r, &array) == ERR_OK && array.type == VALUE_ARRAY) {
		while (value_skip(&r, &argument) == ERR_OK) {
			buf_putc(out, ',');
			put_data(out, argument, attachments ? &next : NULL);
		}
	}
	buf_putc(out, ']');
}

void packet_put_event(struct buf *out, struct str nsp, struct str name, struct bytes args)
{
	unsigned attachments = json_count_bins(args);

	put_binary_head(out, PACKET_EVENT, attachments, nsp);
	put_event_data(out, name, args, attachments);
}

void packet_put_question(struct buf *out, struct str nsp, const struct sio_event *event)
{
	unsigned attachments = json_count_bins(event->args);

	put_binary_head(out, PACKET_EVENT, attachments, nsp);
	buf_put_u64(out, event->ack_id);
	put_event_data(out, event->name, event->args, attachments);
}

void packet_put_ack(struct buf *out, struct str nsp, uint64_t ack_id, struct bytes args)
{
	unsigned attachments = json_count_bins(args), next = 0;

	put_binary_head(out, PACKET_ACK, attachments, nsp);
	buf_put_u64(out, ack_id);
	put_data(out, args, attachments ? &next : NULL);
}
