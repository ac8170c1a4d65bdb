#ifndef ROOMCAST_PROTO_VALUE_LIST_H
#define ROOMCAST_PROTO_VALUE_LIST_H
/*
 * Whether an array (value.h) of names has one of them. Read in place, each time from its beginning:
 * for lists of a few. Safe on any bytes.
 */
#include "proto/value.h"

/* False also when `list` is no array; what is no string in it is passed over. */
bool value_list_has(struct bytes list, struct str name);

#endif
