#include "gateway/auth/keyring.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/keyfile.h"
#include "common/log.h"

_Static_assert((int)KEYRING_WHY_SIZE >= (int)KEYFILE_WHY_SIZE, "keyfile errors fit");

/* What a file is for. */
enum slot { SLOT_SECRET, SLOT_EDDSA, SLOT_KEYS, SLOT_OLD_SECRET, SLOT_OLD_KEYS, SLOTS };

/* How a file looked when it was read: another one, or one that was written to, looks different. */
struct stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

struct keyring {
	char *paths[SLOTS]; /* NULL = none */
	struct stamp stamps[SLOTS];
	struct wall previous_until;
	uint32_t algorithms;
	struct keys *keys;
};

/* Keys on their way into the ring. */
struct load {
	struct keyring *ring;
	struct keys *keys;
	struct wall now;
	char *why;
};

static PRINTF(3, 4) enum err refuse(const struct load *l, enum slot slot, const char *format, ...)
{
	int n = snprintf(l->why, KEYRING_WHY_SIZE, "%s: ", l->ring->paths[slot]);
	va_list args;

	va_start(args, format);
	if (n < KEYRING_WHY_SIZE)
		vsnprintf(l->why + n, KEYRING_WHY_SIZE - (size_t)n, format, args);
	va_end(args);
	return ERR_INVALID;
}

static struct wall until_of(const struct keyring *r, enum slot slot)
{
	return slot >= SLOT_OLD_SECRET ? r->previous_until : (struct wall){0};
}

static enum err load_secret(struct load *l, enum slot slot)
{
	struct key key = {.algorithm = KEY_HS256, .until = until_of(l->ring, slot)};
	size_t least = algorithm_row(KEY_HS256)->secret_bytes;
	struct buf text = {0};
	enum err e = keyfile_read(l->ring->paths[slot], KEYFILE_SECRET, &text, l->why);

	if (e)
		goto out;
	key.secret = buf_bytes(&text);
	/* Public keys are no secrets, and who confuses the two lets everybody sign. */
	if (keydoc_is_one(buf_str(&text)))
		e = refuse(l, slot,
		    "a PEM or JWK file is not an HS256 secret; give public keys by their own "
		    "option, or make a secret with `roomcastctl keygen hs256`");
	else if (text.len < least)
		e = refuse(l, slot,
		    "an HS256 secret has at least %zu bytes, this one has %zu; make one with "
		    "`roomcastctl keygen hs256`",
		    least, text.len);
	else if (l->ring->algorithms & ALGORITHM_BIT(KEY_HS256))
		e = keys_add(l->keys, &key);
	crypto_wipe(frame_data(text.store), text.len);
out:
	buf_free(&text);
	return e;
}

static enum err check_eddsa(const struct load *l, size_t from)
{
	const struct key *key;

	for (size_t i = from; (key = keys_at(l->keys, i)); i++) {
		if (key->algorithm != KEY_EDDSA)
			return refuse(l, SLOT_EDDSA,
			    "the key is not an Ed25519 key; others have the option "
			    "token-keys-file");
	}
	return ERR_OK;
}

static enum err load_document(struct load *l, enum slot slot)
{
	const char *path = l->ring->paths[slot];
	struct keydoc doc = {path, until_of(l->ring, slot),
	    slot == SLOT_EDDSA ? (uint32_t)ALGORITHMS_ALL : l->ring->algorithms};
	struct keydoc_found found = {0};
	struct buf text = {0}, again = {0};
	size_t before = keys_count(l->keys);
	enum err e = keyfile_read(path, KEYFILE_PUBLIC, &text, l->why);

	if (!e)
		e = keydoc_read(&doc, buf_str(&text), l->keys, &found, l->why);
	/* Who may read it is checked by reading it as what it has turned out to be. */
	if (!e && found.has_secret)
		e = keyfile_read(path, KEYFILE_SECRET, &again, l->why);
	if (!e && slot == SLOT_EDDSA)
		e = check_eddsa(l, before);
	if (!e && found.left_out)
		log_info("keys.left_out", LOG_Z(PATH, path), LOG_U(COUNT, found.left_out));
	if (text.len)
		crypto_wipe(frame_data(text.store), text.len);
	if (again.len)
		crypto_wipe(frame_data(again.store), again.len);
	buf_free(&text);
	buf_free(&again);
	return e;
}

/* Keys that would not count anyway. */
static bool is_void(const struct load *l, enum slot slot)
{
	if (slot == SLOT_EDDSA)
		return !(l->ring->algorithms & ALGORITHM_BIT(KEY_EDDSA));
	return slot >= SLOT_OLD_SECRET && l->now.ms >= l->ring->previous_until.ms;
}

static enum err load_all(struct load *l)
{
	static enum err (*const loaders[SLOTS])(struct load *, enum slot) = {
	    [SLOT_SECRET] = load_secret,
	    [SLOT_EDDSA] = load_document,
	    [SLOT_KEYS] = load_document,
	    [SLOT_OLD_SECRET] = load_secret,
	    [SLOT_OLD_KEYS] = load_document,
	};
	size_t of_now = 0;

	for (enum slot slot = 0; slot < SLOTS; slot++) {
		if (l->ring->paths[slot] && !is_void(l, slot)) {
			enum err e = loaders[slot](l, slot);

			if (e)
				return e;
		}
		if (slot == SLOT_KEYS)
			of_now = keys_count(l->keys);
	}
	if (of_now)
		return ERR_OK;
	snprintf(l->why, KEYRING_WHY_SIZE,
	    "no key to check tokens with: name a secret or public keys in [token], of an "
	    "algorithm that token-algorithms allows");
	return ERR_INVALID;
}

static struct stamp stamp_of(const char *path)
{
	struct stat st;

	if (!path || stat(path, &st) != 0)
		return (struct stamp){0};
	return (struct stamp){st.st_dev, st.st_ino, st.st_size, st.st_ctim};
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Stamps first: what changes while it is read is seen to have changed the next time. */
static enum err read_files(struct keyring *r, struct wall now, char *why)
{
	struct load l = {.ring = r, .keys = keys_new(), .now = now, .why = why};

	for (enum slot slot = 0; slot < SLOTS; slot++)
		r->stamps[slot] = stamp_of(r->paths[slot]);
	enum err e = load_all(&l);

	if (!e)
		keys_swap(r->keys, l.keys);
	keys_free(&l.keys);
	return e;
}

static char *copy_path(const char *path)
{
	return path && path[0] ? xstrdup(path) : NULL;
}

enum err keyring_open(const struct keyring_conf *conf, struct wall now,
    char ret_why[KEYRING_WHY_SIZE], struct keyring **ret)
{
	struct keyring *r = xcalloc(1, sizeof(*r));

	r->paths[SLOT_SECRET] = copy_path(conf->hs256_secret_file);
	r->paths[SLOT_EDDSA] = copy_path(conf->eddsa_public_key_file);
	r->paths[SLOT_KEYS] = copy_path(conf->keys_file);
	r->paths[SLOT_OLD_SECRET] = copy_path(conf->previous_hs256_secret_file);
	r->paths[SLOT_OLD_KEYS] = copy_path(conf->previous_keys_file);
	r->previous_until = conf->previous_until;
	r->algorithms = conf->algorithms;
	r->keys = keys_new();
	enum err e = read_files(r, now, ret_why);

	if (e) {
		keyring_free(&r);
		return e;
	}
	*ret = r;
	return ERR_OK;
}

void keyring_free(struct keyring **r)
{
	struct keyring *dead = *r;

	*r = NULL;
	if (!dead)
		return;
	keys_free(&dead->keys);
	for (enum slot slot = 0; slot < SLOTS; slot++)
		free(dead->paths[slot]);
	free(dead);
}

const struct keys *keyring_keys(const struct keyring *r)
{
	return r->keys;
}

void keyring_look(struct keyring *r, struct wall now)
{
	for (enum slot slot = 0; slot < SLOTS; slot++) {
		struct stamp seen = stamp_of(r->paths[slot]);

		if (!is_same(&seen, &r->stamps[slot])) {
			keyring_reload(r, now);
			return;
		}
	}
}

void keyring_reload(struct keyring *r, struct wall now)
{
	char why[KEYRING_WHY_SIZE] = "";

	if (read_files(r, now, why))
		log_warn("keys.kept", LOG_Z(REASON, why),
		    LOG_Z(HINT, "the old keys stay; mend the file, it is read when it changes"));
	else
		log_notice("keys.renewed", LOG_U(COUNT, keys_count(r->keys)));
}
