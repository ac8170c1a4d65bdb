#include "gateway/eio/origins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ORIGINS_MAX = 256,
	ORIGIN_BYTES = 300,     /* a host name has 253 */
	REQUESTED_BYTES = 2048, /* names of headers that a preflight asks for */
	SHOWN_BYTES = 100,      /* of a wrong one */
};

#define ALLOW_ORIGIN "Access-Control-Allow-Origin: %s\r\n"
#define CREDENTIALS "Access-Control-Allow-Credentials: true\r\n"
#define METHODS "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n"

static const char separators[] = " \t,";
static const char digits[] = "0123456789";
static const char scheme_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
static const char host_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-._";
static const char bracket_characters[] = "0123456789abcdef:";

struct entry {
	char *origin;
	char *headers;
};

struct origins {
	struct entry *list;
	size_t count;
	bool is_any;
	bool has_credentials;
	char *others; /* the headers for whoever is not in the list */
};

/* ---- what an origin is ---- */

/* Takes a run of these characters off the front. */
static struct str take(struct str *s, const char *characters)
{
	size_t n = 0;

	while (n < s->len && s->p[n] && strchr(characters, s->p[n]))
		n++;

	struct str run = {s->p, n};

	*s = (struct str){s->p + n, s->len - n};
	return run;
}

static bool take_literal(struct str *s, struct str literal)
{
	if (!str_has_prefix(*s, literal))
		return false;
	*s = (struct str){s->p + literal.len, s->len - literal.len};
	return true;
}

static bool take_host(struct str *s)
{
	if (!take_literal(s, STR("[")))
		return take(s, host_characters).len > 0;
	return take(s, bracket_characters).len > 0 && take_literal(s, STR("]"));
}

/* The port that a browser leaves out. */
static bool is_default_port(struct str scheme, struct str port)
{
	return (str_eqz(scheme, "http") && str_eqz(port, "80")) ||
	       (str_eqz(scheme, "https") && str_eqz(port, "443"));
}

/* What is wrong with it and how to mend it; NULL = nothing. */
static const char *fault_of(struct str origin)
{
	static const char shape[] = "is no origin: give scheme://host[:port] in lower case, as "
				    "browsers send it, e.g. https://app.example";
	struct str s = origin, scheme = take(&s, scheme_characters), port;
	uint64_t number;

	if (memchr(origin.p, '*', origin.len))
		return "has a wildcard: name each origin, or give * alone for any";
	if (str_eqz(origin, "null"))
		return "is what any sandboxed page sends: give the page an origin of its own";
	if (!scheme.len || !take_literal(&s, STR("://")) || !take_host(&s) ||
	    origin.len > ORIGIN_BYTES)
		return shape;
	if (take_literal(&s, STR(":"))) {
		port = take(&s, digits);
		if (is_default_port(scheme, port))
			return "has the usual port, which browsers leave out: leave it out";
		if (!port.len || port.p[0] == '0' || str_to_u64(port, UINT16_MAX, &number))
			return "has no good port: give 1 to 65535, or none";
	}
	if (s.len && s.p[0] == '/')
		return "has a path: an origin ends with host or port";
	return s.len ? shape : NULL;
}

/* ---- the list ---- */

static char *text_of(const struct origins *o, const char *origin)
{
	struct buf text = {0};
	char *z;

	if (origin)
		buf_printf(&text, ALLOW_ORIGIN, origin);
	if (!o->is_any)
		buf_puts(&text, STR("Vary: Origin\r\n"));
	if (o->has_credentials)
		buf_puts(&text, STR(CREDENTIALS));
	z = str_dup(buf_str(&text));
	buf_free(&text);
	return z;
}

static const struct entry *find(const struct origins *o, struct str origin)
{
	for (size_t i = 0; i < o->count; i++) {
		if (str_eqz(origin, o->list[i].origin))
			return &o->list[i];
	}
	return NULL;
}

/*
 * The origin that a request is told of, which is in the list as `e` (NULL = it is not): its own.
 * A list of one is told to everybody, as the reference does with a string.
 */
static const char *told_to(const struct origins *o, const struct entry *e)
{
	if (o->is_any)
		return "*";
	return e ? e->origin : o->count == 1 ? o->list[0].origin : NULL;
}

static enum err add(struct origins *o, struct str word, char *ret_why, size_t why_size)
{
	const char *fault = fault_of(word);
	int shown = word.len < SHOWN_BYTES ? (int)word.len : SHOWN_BYTES;

	if (!fault && o->count == ORIGINS_MAX)
		fault = "is one too many: give * alone for any";
	if (fault) {
		snprintf(ret_why, why_size, "%.*s %s", shown, word.p, fault);
		return ERR_INVALID;
	}
	if (find(o, word))
		return ERR_OK;
	o->list = xrealloc(o->list, (o->count + 1) * sizeof(*o->list));
	o->list[o->count].origin = str_dup(word);
	o->list[o->count].headers = text_of(o, o->list[o->count].origin);
	o->count++;
	return ERR_OK;
}

static enum err fill(struct origins *o, struct str list, char *ret_why, size_t why_size)
{
	struct str rest = list, first = str_next_word(&rest, separators);
	enum err e = ERR_OK;

	if (str_eqz(first, "*") && !str_next_word(&rest, separators).len) {
		o->is_any = true;
		if (!o->has_credentials)
			return ERR_OK;
		snprintf(ret_why, why_size,
		    "* cannot go with credentials, browsers refuse the two together: name the "
		    "origins");
		return ERR_INVALID;
	}
	for (struct str word; !e && (word = str_next_word(&list, separators)).len;)
		e = add(o, word, ret_why, why_size);
	return e;
}

enum err origins_new(
    struct str list, bool has_credentials, char *ret_why, size_t why_size, struct origins **ret)
{
	struct origins *o = xcalloc(1, sizeof(*o));

	o->has_credentials = has_credentials;

	enum err e = fill(o, list, ret_why, why_size);

	if (e || (!o->is_any && !o->count)) {
		origins_free(&o);
	} else {
		o->others = text_of(o, told_to(o, NULL));
	}
	if (!e)
		*ret = o;
	return e;
}

void origins_free(struct origins **o)
{
	struct origins *dead = *o;

	*o = NULL;
	if (!dead)
		return;
	for (size_t i = 0; i < dead->count; i++) {
		free(dead->list[i].origin);
		free(dead->list[i].headers);
	}
	free(dead->list);
	free(dead->others);
	free(dead);
}

/* ---- what a request is told ---- */

bool origins_admit(const struct origins *o, struct str origin)
{
	return !o || o->is_any || !origin.len || find(o, origin);
}

const char *origins_headers(const struct origins *o, struct str origin)
{
	const struct entry *e = o ? find(o, origin) : NULL;

	return e ? e->headers : o ? o->others : NULL;
}

/* Names of headers, commas and blanks: nothing that could end a line. */
static bool is_list_of_names(struct str s)
{
	if (!s.len || s.len > REQUESTED_BYTES)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' && c != ' ' && c != '\t')
			return false;
		if (c >= 0x7f || strchr("\"()/:;<=>?@[\\]{}", c))
			return false;
	}
	return true;
}

void origins_put_preflight(
    const struct origins *o, struct str origin, struct str requested, struct buf *out)
{
	static const char asked[] = "Access-Control-Request-Headers";
	const char *told = told_to(o, find(o, origin));

	if (told)
		buf_printf(out, ALLOW_ORIGIN, told);
	if (!o->is_any)
		buf_printf(out, "Vary: Origin, %s\r\n", asked);
	if (o->has_credentials)
		buf_puts(out, STR(CREDENTIALS));
	buf_puts(out, STR(METHODS));
	if (o->is_any)
		buf_printf(out, "Vary: %s\r\n", asked);
	if (is_list_of_names(requested))
		buf_printf(out, "Access-Control-Allow-Headers: %.*s\r\n", STR_ARG(requested));
}
