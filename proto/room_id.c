#include "proto/room_id.h"

#include "proto/limits.h"

#include <string.h>

enum { UUID_LEN = 36 };

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool room_id_is_name(struct str id)
{
	for (size_t i = 0; i < id.len; i++) {
		if (!is_alnum(id.p[i]) && !(id.p[i] && strchr("_-:.", id.p[i])))
			return false;
	}
	return id.len > 0 && id.len <= LIMIT_ROOM_NAME;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool room_id_is_uuid(struct str id)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	bool is_good = id.len == UUID_LEN;

	for (size_t i = 0; is_good && i < UUID_LEN; i++)
		is_good = form[i] == '-' ? id.p[i] == '-' : is_hex(id.p[i]);
	return is_good;
}
