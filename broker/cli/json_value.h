#ifndef ROOMCAST_BROKER_CLI_JSON_VALUE_H
#define ROOMCAST_BROKER_CLI_JSON_VALUE_H
/*
 * JSON text of an operator as a value (proto/value.h): the way back of json_text.h. Numbers
 * without a fraction or an exponent are integers, of at most 64 bits; of a key that comes twice
 * the last one counts, as in JavaScript.
 */
#include "common/buf.h"

enum { JSON_VALUE_FAULT_SIZE = 200 };

/* Appends the value. ERR_INVALID: it is not one JSON text; ret_fault says what is wrong and where.
 * On failure out is as it was. */
MUST_USE enum err json_value_put(
    struct buf *out, struct str text, char ret_fault[JSON_VALUE_FAULT_SIZE]);

#endif
