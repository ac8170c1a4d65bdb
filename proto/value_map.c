#include "proto/value_map.h"

enum err value_map_get(struct bytes map, struct str key, struct bytes *ret)
{
	struct value_reader r = value_reader(map);
	struct bytes name, value, found = {0};
	struct str text;
	struct value v;

	if (value_next(&r, &v) || v.type != VALUE_MAP)
		return ERR_NOT_FOUND;
	for (uint32_t pairs = v.as.count; pairs > 0; pairs--) {
		if (value_skip(&r, &name) || value_skip(&r, &value))
			return ERR_NOT_FOUND;
		if (value_as_str(name, &text) && str_eq(text, key))
			found = value;
	}
	if (!found.p)
		return ERR_NOT_FOUND;
	*ret = found;
	return ERR_OK;
}

struct str value_map_str(struct bytes map, struct str key, struct str otherwise)
{
	struct bytes raw;
	struct str s;

	return value_map_get(map, key, &raw) == ERR_OK && value_as_str(raw, &s) ? s : otherwise;
}

uint64_t value_map_u64(struct bytes map, struct str key, uint64_t otherwise)
{
	struct bytes raw;
	uint64_t u;

	return value_map_get(map, key, &raw) == ERR_OK && value_as_u64(raw, &u) ? u : otherwise;
}

bool value_map_is_true(struct bytes map, struct str key)
{
	struct bytes raw;
	bool b;

	return value_map_get(map, key, &raw) == ERR_OK && value_as_bool(raw, &b) && b;
}
