#ifndef ROOMCAST_BROKER_CLI_JSON_TEXT_H
#define ROOMCAST_BROKER_CLI_JSON_TEXT_H
/*
 * A msgpack value as JSON text. What JSON has no form for: numbers beyond 63 bits become decimal
 * strings, binary becomes {"base64url": "..."}, infinities and NaN become null.
 */
#include "common/buf.h"

enum json_text_style { JSON_TEXT_ONE_LINE, JSON_TEXT_INDENTED };

/*
 * Appends value, which value_check has let through. ERR_MALFORMED: a map with a key that is no
 * string; out is then as it was.
 */
MUST_USE enum err json_text_put(struct buf *out, struct bytes value, enum json_text_style style);

#endif
