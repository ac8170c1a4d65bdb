#include "gateway/room/passport.h"

#include "gateway/room/door.h"
#include "gateway/sio/socket.h"
#include "proto/value.h"

/* A view cut to what fits into a field of the link. */
static struct str cut(const char *z, size_t limit)
{
	struct str s = str_of(z);

	if (s.len <= limit && str_is_utf8(s))
		return s;
	if (s.len > limit)
		s.len = limit;
	/* Cut in the middle of a character, or none to begin with. */
	while (s.len > 0 && !str_is_utf8(s))
		s.len--;
	return s;
}

void passport_put_grants(const struct token_claims *claims, struct buf *out)
{
	value_put_array(out, (uint32_t)claims->room_count);
	for (size_t i = 0; i < claims->room_count; i++)
		value_put_str(out, str_of(claims->rooms[i]));
}

void passport_put_connect(const struct seat *seat, const struct token_claims *claims,
    const struct passport_lists *lists, struct wire_message *ret)
{
	const struct door_facts *facts = door_facts_of(seat->socket);

	*ret = (struct wire_message){.type = WIRE_CONNECT};
	ret->as.connect = (struct wire_connect){
	    .socket = str_of(seat->id),
	    .nsp = sio_socket_nsp(seat->socket),
	    .user = str_of(claims->user),
	    .username = cut(claims->username, LIMIT_USERNAME),
	    .grants = lists->grants,
	    .ip = cut(facts->ip, LIMIT_IP),
	    .user_agent = cut(facts->user_agent, LIMIT_USER_AGENT),
	    .transport = str_of(facts->transport),
	    .since_ms = (uint64_t)seat->since_wall.ms,
	    .url = str_of(facts->url),
	    .secure = facts->is_secure,
	    .headers = buf_bytes(&facts->headers),
	    .rooms = lists->rooms,
	    .token_id = str_of(claims->id),
	    .issued_ms = (uint64_t)claims->issued.ms,
	    .expires_ms = (uint64_t)claims->expires.ms,
	};
}
