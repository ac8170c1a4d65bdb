#ifndef ROOMCAST_COMMON_ERR_H
#define ROOMCAST_COMMON_ERR_H
/*
 * What a function that can fail returns. One list for the whole program (err.def); which of them
 * a function can give is said at its declaration.
 */
enum err {
#define ERROR(name, text) ERR_##name,
#include "common/err.def"
#undef ERROR
	ERR_COUNT
};

/* The name as written in the code, e.g. "MALFORMED". Never NULL. Static. */
const char *err_name(enum err e);

/* A phrase for people, e.g. "malformed data". Never NULL. Static. */
const char *err_text(enum err e);

#endif
