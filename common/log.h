#ifndef ROOMCAST_COMMON_LOG_H
#define ROOMCAST_COMMON_LOG_H
/*
 * Structured log: one record is one line on standard error, a JSON object (default away from a
 * terminal) or text (on a terminal). A record is an event name "noun.verb" and typed fields
 * whose keys come from log.def, so no value from outside can forge a key or a line.
 *
 *	log_warn("peer.slow", LOG_S(PEER, name), LOG_U(BYTES, queued));
 *
 * Levels: error = wake somebody; warn = degraded, heals itself; notice = life of a process;
 * info = life of a session; debug = decisions. Fields are only rendered when the level is on.
 * Whoever can act on a failure logs it, once; the others return it.
 */
#include "common/str.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_JSON, LOG_FORMAT_TEXT };

enum log_key {
#define LOG_KEY(name, key, text) LOG_KEY_##name,
#include "common/log.def"
#undef LOG_KEY
	LOG_KEYS
};

enum log_kind { LOG_KIND_END, LOG_KIND_STR, LOG_KIND_U64, LOG_KIND_I64, LOG_KIND_BOOL };

struct log_field {
	enum log_kind kind;
	enum log_key key;
	union {
		struct str s;
		uint64_t u;
		int64_t i;
		bool b;
	} value;
};

/* clang-format off */
/* Fields: text view, NUL-terminated text, unsigned, signed, question. */
#define LOG_S(name, view) {LOG_KIND_STR, LOG_KEY_##name, {.s = (view)}}
#define LOG_Z(name, z) {LOG_KIND_STR, LOG_KEY_##name, {.s = str_of(z)}}
#define LOG_U(name, number) {LOG_KIND_U64, LOG_KEY_##name, {.u = (number)}}
#define LOG_I(name, number) {LOG_KIND_I64, LOG_KEY_##name, {.i = (number)}}
#define LOG_B(name, answer) {LOG_KIND_BOOL, LOG_KEY_##name, {.b = (answer)}}

#define LOG_FIELDS(...)                                                                            \
	(const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ) {.kind = LOG_KIND_END}}
/* clang-format on */

/*
 * Sets process name, format and level for all later records; before it: "roomcast", auto, notice.
 * Call once, before any thread starts. The name must stay valid.
 */
void log_setup(const char *process, enum log_format format, enum log_level level);

/* Another level from now on; from any thread. */
void log_set_level(enum log_level level);

bool log_is_on(enum log_level level);

/*
 * Writes one record; fields end with LOG_KIND_END. Safe from any thread (one write() a line) and
 * keeps errno. Bytes that are not UTF-8 become U+FFFD; a value over 512 bytes is cut and ends in
 * an ellipsis; fields beyond 4096 bytes of line are left out and the line says "truncated".
 */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* __VA_OPT__ lets a record have no field at all. */
#define LOG_AT(level, event, ...) \
	(log_is_on(level) ? log_write(level, event, LOG_FIELDS(__VA_ARGS__)) : (void)0)

#define log_error(event, ...) LOG_AT(LOG_ERROR, event __VA_OPT__(, ) __VA_ARGS__)
#define log_warn(event, ...) LOG_AT(LOG_WARN, event __VA_OPT__(, ) __VA_ARGS__)
#define log_notice(event, ...) LOG_AT(LOG_NOTICE, event __VA_OPT__(, ) __VA_ARGS__)
#define log_info(event, ...) LOG_AT(LOG_INFO, event __VA_OPT__(, ) __VA_ARGS__)
#define log_debug(event, ...) LOG_AT(LOG_DEBUG, event __VA_OPT__(, ) __VA_ARGS__)

#endif
