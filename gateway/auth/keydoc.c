#include "gateway/auth/keydoc.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char begin_any[] = "-----BEGIN ";
static const char begin_public[] = "-----BEGIN PUBLIC KEY-----";
static const char end_public[] = "-----END PUBLIC KEY-----";

/* A document on its way into a ring. */
struct reading {
	const struct keydoc *doc;
	struct keys *keys;
	struct keydoc_found found;
	char *why;
};

static PRINTF(2, 3) enum err refuse(const struct reading *r, const char *format, ...)
{
	int n = snprintf(r->why, KEYDOC_WHY_SIZE, "%s: ", r->doc->name);
	va_list args;

	va_start(args, format);
	if (n < KEYDOC_WHY_SIZE)
		vsnprintf(r->why + n, KEYDOC_WHY_SIZE - (size_t)n, format, args);
	va_end(args);
	return ERR_INVALID;
}

static struct wall earlier(struct wall a, struct wall b)
{
	if (a.ms == 0 || b.ms == 0)
		return a.ms ? a : b;
	return a.ms < b.ms ? a : b;
}

static enum err add(struct reading *r, struct key *key)
{
	key->until = earlier(key->until, r->doc->until);
	if (!(r->doc->algorithms & ALGORITHM_BIT(key->algorithm)))
		return ERR_OK;
	enum err e = keys_add(r->keys, key);

	if (e == ERR_EXISTS)
		return refuse(r, "the kid \"%.64s\" names keys of two algorithms", key->id);
	if (e)
		(void)refuse(r, "more than %d keys", KEYS_MAX);
	return e;
}

/* ---- PEM ---- */

/* RFC 8410: SubjectPublicKeyInfo of an Ed25519 key is this and 32 bytes of key. */
static const uint8_t spki_ed25519[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

static enum err read_spki(struct reading *r, struct bytes der)
{
	struct key key = {.algorithm = KEY_EDDSA};
	const char *fault = "";

	if (der.len == sizeof(spki_ed25519) + sizeof(key.public_key) &&
	    memcmp(der.p, spki_ed25519, sizeof(spki_ed25519)) == 0) {
		memcpy(key.public_key, der.p + sizeof(spki_ed25519), sizeof(key.public_key));
		return add(r, &key);
	}
	if (evp_key_read(der, &key.evp, &fault))
		return refuse(r, "the key %s, nor is it an Ed25519 key", fault);
	key.algorithm = evp_key_kind(key.evp) == EVP_KIND_RSA ? KEY_RS256 : KEY_ES256;
	enum err e = add(r, &key);

	evp_key_unref(&key.evp);
	return e;
}

/* Takes one block off the front of the text. */
static enum err read_block(struct reading *r, struct str *text)
{
	struct str begin = STR(begin_public);
	const char *end = NULL;
	struct buf der = {0};

	if (str_has_prefix(*text, begin))
		end = memmem(
		    text->p + begin.len, text->len - begin.len, end_public, sizeof(end_public) - 1);
	if (!end)
		return refuse(r, "a PEM block PUBLIC KEY was expected, and nothing else");
	struct str body = {text->p + begin.len, (size_t)(end - text->p) - begin.len};
	size_t taken = (size_t)(end - text->p) + sizeof(end_public) - 1;
	enum err e = crypto_base64_decode(body, &der);

	*text = (struct str){text->p + taken, text->len - taken};
	e = e ? refuse(r, "the PEM block is not base64") : read_spki(r, buf_bytes(&der));
	buf_free(&der);
	return e;
}

static void skip_space(struct str *text)
{
	while (text->len && strchr(" \t\r\n", *text->p) && *text->p) {
		text->p++;
		text->len--;
	}
}

static enum err read_pem(struct reading *r, struct str text)
{
	enum err e;

	do {
		e = read_block(r, &text);
		skip_space(&text);
	} while (!e && text.len);
	return e;
}

/* ---- JWK ---- */

/* What became of a JWK: fit for us, not meant for us, or wrong. */
enum fitness { FIT, FOREIGN, BROKEN };

struct jwk {
	const json_t *tree;
	struct key key;
	struct buf bytes; /* behind key.secret */
	const char *fault;
};

static enum fitness find(struct jwk *j, enum fitness fitness, const char *fault)
{
	j->fault = fault;
	return fitness;
}

static const char *text_of(const struct jwk *j, const char *name)
{
	return json_string_value(json_object_get(j->tree, name));
}

static bool is_text(const struct jwk *j, const char *name, const char *expected)
{
	const char *s = text_of(j, name);

	return s && strcmp(s, expected) == 0;
}

/* False: the member is not base64url of at least a byte. Appends. */
static bool get_bytes(const struct jwk *j, const char *name, struct buf *out)
{
	size_t before = out->len;

	return !crypto_base64url_decode(str_of(text_of(j, name)), out) && out->len > before;
}

static enum fitness read_oct(struct jwk *j)
{
	if (!text_of(j, "alg"))
		return find(j, BROKEN, "is a secret without an alg, which decides what it is for");
	if (!get_bytes(j, "k", &j->bytes))
		return find(j, BROKEN, "has a k that is not base64url");
	if (j->bytes.len < algorithm_row(j->key.algorithm)->secret_bytes)
		return find(j, BROKEN, "is a secret shorter than the hash of its alg");
	j->key.secret = buf_bytes(&j->bytes);
	return FIT;
}

static enum fitness read_rsa(struct jwk *j)
{
	struct buf n = {0}, e = {0};
	enum fitness fitness = BROKEN;

	if (!get_bytes(j, "n", &n) || !get_bytes(j, "e", &e))
		j->fault = "has an n or e that is not base64url";
	else if (evp_key_rsa(buf_bytes(&n), buf_bytes(&e), &j->key.evp, &j->fault) == ERR_OK)
		fitness = FIT;
	buf_free(&n);
	buf_free(&e);
	return fitness;
}

static enum fitness read_ec(struct jwk *j)
{
	struct buf x = {0}, y = {0};
	enum fitness fitness = BROKEN;

	if (!is_text(j, "crv", "P-256"))
		return find(j, FOREIGN, "is on another curve than P-256");
	if (!get_bytes(j, "x", &x) || !get_bytes(j, "y", &y))
		j->fault = "has an x or y that is not base64url";
	else if (evp_key_p256(buf_bytes(&x), buf_bytes(&y), &j->key.evp, &j->fault) == ERR_OK)
		fitness = FIT;
	buf_free(&x);
	buf_free(&y);
	return fitness;
}

static enum fitness read_okp(struct jwk *j)
{
	struct buf x = {0};

	if (!is_text(j, "crv", "Ed25519"))
		return find(j, FOREIGN, "is not an Ed25519 key (kty OKP, crv Ed25519)");
	bool is = get_bytes(j, "x", &x) && x.len == sizeof(j->key.public_key);

	if (is)
		memcpy(j->key.public_key, buf_bytes(&x).p, x.len);
	buf_free(&x);
	return is ? FIT : find(j, BROKEN, "has an x that is not base64url of 32 bytes");
}

static const struct {
	const char *kty;
	enum key_algorithm algorithm; /* of a key that does not say its own */
	enum fitness (*read)(struct jwk *j);
} kinds[] = {
    {"oct", KEY_HS256, read_oct},
    {"RSA", KEY_RS256, read_rsa},
    {"EC", KEY_ES256, read_ec},
    {"OKP", KEY_EDDSA, read_okp},
};

/* Which algorithm is it for? By its kind, or by what it says, and then both must agree. */
static enum fitness find_algorithm(struct jwk *j, enum key_algorithm by_kind)
{
	const json_t *alg = json_object_get(j->tree, "alg");

	j->key.algorithm = by_kind;
	if (!alg)
		return FIT;
	j->key.algorithm = algorithm_find(str_of(json_string_value(alg)));
	if (j->key.algorithm == KEY_ALGORITHMS)
		return find(j, FOREIGN, "is meant for an algorithm that no token may have");
	if (!is_text(j, "kty", algorithm_row(j->key.algorithm)->kty))
		return find(j, BROKEN, "is meant for another algorithm than its kty allows");
	return FIT;
}

static bool may_verify(const struct jwk *j)
{
	const json_t *use = json_object_get(j->tree, "use"), *op;
	const json_t *ops = json_object_get(j->tree, "key_ops");
	size_t i;

	if (use && !is_text(j, "use", "sig"))
		return false;
	json_array_foreach(ops, i, op)
	{
		if (json_is_string(op) && strcmp(json_string_value(op), "verify") == 0)
			return true;
	}
	return !ops;
}

static bool is_private(const struct jwk *j)
{
	static const char *const members[] = {"d", "p", "q", "dp", "dq", "qi", "oth"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (json_object_get(j->tree, members[i]))
			return true;
	}
	return false;
}

/* A NumericDate that may be absent, as ms; false when it is none. */
static bool get_date(const struct jwk *j, const char *name, struct wall *ret)
{
	const json_t *date = json_object_get(j->tree, name);
	double s = json_number_value(date);

	ret->ms = json_is_number(date) && s >= 0 && s < 1e12 ? (int64_t)(s * 1000.0) : 0;
	return !date || (json_is_number(date) && ret->ms > 0);
}

static enum fitness examine(struct jwk *j)
{
	const json_t *kid = json_object_get(j->tree, "kid");
	size_t kind = 0;

	while (kind < ARRAY_LEN(kinds) && !is_text(j, "kty", kinds[kind].kty))
		kind++;
	if (kind == ARRAY_LEN(kinds))
		return find(j, FOREIGN, "is of no kind (kty) that tokens are checked with");
	if (is_private(j))
		return find(j, BROKEN, "holds the private key; a gateway gets the public one only");
	if (!may_verify(j))
		return find(j, FOREIGN, "is not meant for signatures");
	if (kid && !json_is_string(kid))
		return find(j, BROKEN, "has a kid that is no string");
	if (!get_date(j, "nbf", &j->key.from) || !get_date(j, "exp", &j->key.until))
		return find(j, BROKEN, "has an nbf or exp that is no time");
	enum fitness fitness = find_algorithm(j, kinds[kind].algorithm);

	return fitness == FIT ? kinds[kind].read(j) : fitness;
}

/* is_lone: it is the whole document, and has to be fit. */
static enum err read_jwk(struct reading *r, const json_t *tree, bool is_lone)
{
	struct jwk j = {.tree = tree};
	enum fitness fitness = examine(&j);
	enum err e = ERR_OK;

	j.key.id = json_string_value(json_object_get(tree, "kid"));
	if (fitness == BROKEN || (is_lone && fitness == FOREIGN)) {
		e = refuse(
		    r, "the key %.64s%s%s", j.key.id ? j.key.id : "", j.key.id ? " " : "", j.fault);
	} else if (fitness == FOREIGN) {
		r->found.left_out++;
	} else {
		r->found.has_secret |= algorithm_row(j.key.algorithm)->secret_bytes > 0;
		e = add(r, &j.key);
	}
	if (j.bytes.len)
		crypto_wipe(frame_data(j.bytes.store), j.bytes.len);
	buf_free(&j.bytes);
	evp_key_unref(&j.key.evp);
	return e;
}

static enum err read_set(struct reading *r, const json_t *list)
{
	const json_t *tree;
	size_t i;

	if (!json_is_array(list))
		return refuse(r, "its member `keys` is no array");
	json_array_foreach(list, i, tree)
	{
		enum err e = json_is_object(tree) ? read_jwk(r, tree, false)
						  : refuse(r, "key %zu is no object", i + 1);

		if (e)
			return e;
	}
	return ERR_OK;
}

static enum err read_json(struct reading *r, struct str text)
{
	json_t *tree = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *list = json_object_get(tree, "keys");
	enum err e;

	if (!json_is_object(tree))
		e = refuse(r, "neither a PEM block PUBLIC KEY nor a JWK or a set of them");
	else if (list)
		e = read_set(r, list);
	else
		e = read_jwk(r, tree, true);
	json_decref(tree);
	return e;
}

enum err keydoc_read(const struct keydoc *doc, struct str text, struct keys *k,
    struct keydoc_found *ret, char ret_why[KEYDOC_WHY_SIZE])
{
	struct reading r = {.doc = doc, .keys = k, .why = ret_why};
	enum err e =
	    str_has_prefix(text, STR(begin_any)) ? read_pem(&r, text) : read_json(&r, text);

	if (!e)
		*ret = r.found;
	return e;
}

bool keydoc_is_one(struct str text)
{
	if (str_has_prefix(text, STR(begin_any)))
		return true;
	return str_has_prefix(text, STR("{")) && text.p[text.len - 1] == '}' &&
	       memmem(text.p, text.len, "\"kty\"", 5) != NULL;
}
