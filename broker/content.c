#include "broker/content.h"

#include "proto/value.h"

bool content_payload(struct bytes encoded, struct bytes *ret)
{
	struct value_reader r = value_reader(encoded);
	struct value v;

	*ret = encoded;
	if (value_next(&r, &v) != ERR_OK || !value_at_end(&r))
		return false;
	if (v.type == VALUE_STR)
		*ret = str_bytes(v.as.s);
	else if (v.type == VALUE_BIN)
		*ret = v.as.bin;
	return v.type == VALUE_STR;
}
