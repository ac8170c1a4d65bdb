#include "gateway/room/rulebook.h"

#include "gateway/room/pattern.h"
#include "proto/limits.h"
#include "proto/room_id.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BIN_HEAD = 5 };

struct rulebook {
	const char *(*room_fault)(const struct rulebook *r, struct str name);
	struct pattern *pattern;
	char types[RULEBOOK_TYPES_MAX][LIMIT_TYPE + 1];
	size_t type_count;
	char all_types[RULEBOOK_TYPES_MAX * (LIMIT_TYPE + 2)];
	unsigned max_chars;
	size_t max_bytes;
};

/* ---- rooms ---- */

static const char *name_fault(const struct rulebook *r, struct str name)
{
	(void)r;
	return room_id_is_name(name) ? NULL : "must consist of A-Z a-z 0-9 _ - : .";
}

static const char *uuid_fault(const struct rulebook *r, struct str name)
{
	(void)r;
	return room_id_is_uuid(name) ? NULL : "must be a UUID";
}

static const char *pattern_fault(const struct rulebook *r, struct str name)
{
	return pattern_matches(r->pattern, name) ? NULL : "does not match the required pattern";
}

static enum err set_room(struct rulebook *r, const char *rule, char *ret_why, size_t why_size)
{
	char why[200];

	if (!rule || strcmp(rule, "name") == 0) {
		r->room_fault = name_fault;
	} else if (strcmp(rule, "uuid") == 0) {
		r->room_fault = uuid_fault;
	} else if (!rule[0]) {
		snprintf(ret_why, why_size, "room-id is empty: name, uuid or a pattern");
		return ERR_INVALID;
	} else {
		r->room_fault = pattern_fault;
		if (pattern_new(str_of(rule), why, sizeof(why), &r->pattern)) {
			snprintf(ret_why, why_size, "room-id is no regular expression: %s", why);
			return ERR_INVALID;
		}
	}
	return ERR_OK;
}

const char *rulebook_room_fault(const struct rulebook *r, struct str name)
{
	if (name.len > LIMIT_ROOM_NAME)
		return "length must be at most 128 bytes";
	return r->room_fault(r, name);
}

/* ---- types ---- */

static enum err add_type(struct rulebook *r, struct str type)
{
	if (r->type_count == RULEBOOK_TYPES_MAX || type.len > LIMIT_TYPE)
		return ERR_INVALID;
	memcpy(r->types[r->type_count++], type.p, type.len);
	if (r->all_types[0])
		strcat(r->all_types, ", ");
	strncat(r->all_types, type.p, type.len);
	return ERR_OK;
}

static enum err set_types(struct rulebook *r, const char *words, char *ret_why, size_t why_size)
{
	enum err e = ERR_OK;

	for (const char *at = words ? words : "text image file"; !e && *at;) {
		size_t len = strcspn(at, " ");

		if (len)
			e = add_type(r, (struct str){at, len});
		at += len + (at[len] == ' ');
	}
	if (!e && r->type_count > 0)
		return ERR_OK;
	snprintf(ret_why, why_size, "message-types must be 1 to %d words of at most %d bytes",
	    RULEBOOK_TYPES_MAX, LIMIT_TYPE);
	return ERR_INVALID;
}

const char *rulebook_type(const struct rulebook *r, struct str type)
{
	for (size_t i = 0; i < r->type_count; i++) {
		if (str_eqz(type, r->types[i]))
			return r->types[i];
	}
	return NULL;
}

const char *rulebook_first_type(const struct rulebook *r)
{
	return r->types[0];
}

const char *rulebook_types(const struct rulebook *r)
{
	return r->all_types;
}

bool rulebook_may_be_binary(const char *type)
{
	return strcmp(type, "text") != 0;
}

/* ---- all of it ---- */

enum err rulebook_new(
    const struct namespace_conf *n, char *ret_why, size_t why_size, struct rulebook **ret)
{
	struct rulebook *r = xcalloc(1, sizeof(*r));
	enum err e = set_room(r, n->room_id, ret_why, why_size);

	if (!e)
		e = set_types(r, n->message_types, ret_why, why_size);
	if (e) {
		rulebook_free(&r);
		return e;
	}
	r->max_chars = n->content_max_chars ? (unsigned)n->content_max_chars : LIMIT_CONTENT_CHARS;
	r->max_bytes =
	    n->content_max_bytes ? (size_t)n->content_max_bytes : LIMIT_CONTENT - BIN_HEAD;
	*ret = r;
	return ERR_OK;
}

void rulebook_free(struct rulebook **r)
{
	if (!*r)
		return;
	pattern_free(&(*r)->pattern);
	free(*r);
	*r = NULL;
}

unsigned rulebook_max_chars(const struct rulebook *r)
{
	return r->max_chars;
}

size_t rulebook_max_bytes(const struct rulebook *r)
{
	return r->max_bytes;
}

/* ---- of all namespaces ---- */

struct rulebooks {
	const struct namespace_conf *namespaces;
	size_t count;
	struct rulebook *books[]; /* in the order of the namespaces */
};

struct rulebooks *rulebooks_new(const struct namespace_conf *namespaces, size_t count)
{
	struct rulebooks *rs = xcalloc(1, sizeof(*rs) + count * sizeof(rs->books[0]));

	rs->namespaces = namespaces;
	for (; rs->count < count; rs->count++) {
		char why[1];
		enum err e =
		    rulebook_new(&namespaces[rs->count], why, sizeof(why), &rs->books[rs->count]);

		/* They were checked with the configuration. */
		assert(!e);
		(void)e;
	}
	return rs;
}

void rulebooks_free(struct rulebooks **rs)
{
	if (!*rs)
		return;
	for (size_t i = 0; i < (*rs)->count; i++)
		rulebook_free(&(*rs)->books[i]);
	free(*rs);
	*rs = NULL;
}

const struct rulebook *rulebooks_find(const struct rulebooks *rs, struct str nsp)
{
	const struct namespace_conf *n = namespaces_find(rs->namespaces, rs->count, nsp);

	return n ? rs->books[n - rs->namespaces] : NULL;
}
