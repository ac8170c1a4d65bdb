#include "proto/errors.h"

static const struct client_error_row rows[] = {
#define CLIENT_ERROR(name, code, message, when) {code, message, when},
#include "proto/errors.def"
#undef CLIENT_ERROR
};

const struct client_error_row *client_error_row(uint64_t error)
{
	return &rows[error < ARRAY_LEN(rows) ? error : CLIENT_ERROR_INTERNAL];
}
