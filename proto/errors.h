#ifndef ROOMCAST_PROTO_ERRORS_H
#define ROOMCAST_PROTO_ERRORS_H
/*
 * What can go wrong for a client, by errors.def: the code and text in `{ok:false, error:{...}}`.
 */
#include "common/str.h"

enum client_error {
#define CLIENT_ERROR(name, code, message, when) CLIENT_ERROR_##name,
#include "proto/errors.def"
#undef CLIENT_ERROR
	CLIENT_ERRORS
};

struct client_error_row {
	const char *code;
	const char *message;
	const char *when;
};

/* The row of an error; one out of range (a newer peer) reads as INTERNAL. */
const struct client_error_row *client_error_row(uint64_t error);

#endif
