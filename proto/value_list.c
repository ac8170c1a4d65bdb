#include "proto/value_list.h"

bool value_list_has(struct bytes list, struct str name)
{
	struct value_reader r = value_reader(list);
	struct value head;
	struct bytes item;
	struct str text;

	if (value_next(&r, &head) || head.type != VALUE_ARRAY)
		return false;
	for (uint32_t left = head.as.count; left > 0 && !value_skip(&r, &item); left--) {
		if (value_as_str(item, &text) && str_eq(text, name))
			return true;
	}
	return false;
}
