#include "common/err.h"

#include "common/base.h"

static const struct {
	const char *name;
	const char *text;
} errors[] = {
#define ERROR(name, text) {#name, text},
#include "common/err.def"
#undef ERROR
};

const char *err_name(enum err e)
{
	return (size_t)e < ARRAY_LEN(errors) ? errors[e].name : "UNKNOWN";
}

const char *err_text(enum err e)
{
	return (size_t)e < ARRAY_LEN(errors) ? errors[e].text : "unknown error";
}
