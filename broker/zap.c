#include "broker/zap.h"

#include "common/crypto.h"
#include "common/keyfile.h"
#include "common/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <zmq.h>

enum {
	RELOAD_MS = 1000,
	DENIALS_KEPT = 16,
	DENIALS_FORGOTTEN_MS = 10 * 60 * 1000,
	KEY_BYTES = 32,
	REQUEST_PARTS = 7,
};

/* A known key. */
struct pass {
	char key[CRYPTO_Z85_KEY_SIZE];
	char *name;
	UT_hash_handle hh;
};

struct zap {
	void *socket;
	char *folder;
	struct pass *passes;
	struct mono loaded;
	/* Keys denied lately: each is logged once in a while, and no more than fit in here. */
	char denied[DENIALS_KEPT][CRYPTO_Z85_KEY_SIZE];
	unsigned denials;
	struct mono denials_since;
};

/* The parts of a ZAP request that matter; views into messages the caller closes. */
struct request {
	struct bytes id, address, mechanism, key;
};

static void forget_passes(struct zap *z)
{
	struct pass *p, *next;

	HASH_ITER (hh, z->passes, p, next) {
		HASH_DEL(z->passes, p);
		free(p->name);
		free(p);
	}
}

static void load_pass(struct zap *z, const char *file)
{
	size_t len = strlen(file);
	char path[4096], why[KEYFILE_WHY_SIZE];
	struct buf text = {0};

	if (len < 5 || strcmp(file + len - 4, ".pub") != 0)
		return;
	snprintf(path, sizeof(path), "%s/%s", z->folder, file);
	if (keyfile_read(path, KEYFILE_PUBLIC, &text, why) || text.len != CRYPTO_Z85_KEY_SIZE - 1) {
		log_warn("zap.bad_key", LOG_Z(PATH, path),
		    LOG_Z(HINT, "a .pub file holds 40 characters of Z85, as keygen writes it"));
		buf_free(&text);
		return;
	}
	struct pass *p = xcalloc(1, sizeof(*p));

	memcpy(p->key, buf_str(&text).p, text.len);
	p->name = str_dup((struct str){file, len - 4});
	buf_free(&text);
	struct pass *old;

	HASH_REPLACE_STR(z->passes, key, p, old);
	if (old) {
		free(old->name);
		free(old);
	}
}

static enum err load_passes(struct zap *z)
{
	DIR *dir = opendir(z->folder);

	if (!dir)
		return ERR_NOT_FOUND;
	forget_passes(z);
	for (struct dirent *d = readdir(dir); d; d = readdir(dir))
		load_pass(z, d->d_name);
	closedir(dir);
	return ERR_OK;
}

enum err zap_new(void *zmq_context, const char *folder, char ret_why[ZAP_WHY_SIZE], struct zap **ret)
{
	struct zap *z = xcalloc(1, sizeof(*z));
	enum err e;

	z->folder = xstrdup(folder);
	e = load_passes(z);
	if (e) {
		snprintf(ret_why, ZAP_WHY_SIZE,
		    "cannot read the folder of authorized gateways %s: %s; create it and put the "
		    ".pub file of each gateway into it",
		    folder, strerror(errno));
		goto out;
	}
	z->socket = zmq_socket(zmq_context, ZMQ_REP);
	if (!z->socket || zmq_bind(z->socket, "inproc://zeromq.zap.01") != 0) {
		snprintf(ret_why, ZAP_WHY_SIZE, "cannot start the key check: %s", zmq_strerror(errno));
		e = ERR_SYSTEM;
		goto out;
	}
	*ret = z;
	return ERR_OK;
out:
	zap_free(&z);
	return e;
}

void zap_free(struct zap **z)
{
	if (!*z)
		return;
	if ((*z)->socket)
		zmq_close((*z)->socket);
	forget_passes(*z);
	free((*z)->folder);
	free(*z);
	*z = NULL;
}

void *zap_socket(const struct zap *z)
{
	return z->socket;
}

static const struct pass *find_pass(struct zap *z, struct bytes key, struct mono now)
{
	char text[CRYPTO_Z85_KEY_SIZE];
	struct pass *p;

	crypto_z85(key.p, text);
	HASH_FIND_STR(z->passes, text, p);
	if (p || mono_ms_between(z->loaded, now) < RELOAD_MS)
		return p;
	z->loaded = now;
	if (load_passes(z) == ERR_OK)
		HASH_FIND_STR(z->passes, text, p);
	return p;
}

static bool was_denied_lately(struct zap *z, const char *key, struct mono now)
{
	if (mono_ms_between(z->denials_since, now) >= DENIALS_FORGOTTEN_MS) {
		z->denials_since = now;
		z->denials = 0;
	}
	for (unsigned i = 0; i < z->denials; i++) {
		if (strcmp(z->denied[i], key) == 0)
			return true;
	}
	if (z->denials == DENIALS_KEPT)
		return true;
	memcpy(z->denied[z->denials++], key, CRYPTO_Z85_KEY_SIZE);
	return false;
}

static void log_denial(struct zap *z, const struct request *r, struct mono now)
{
	char key[CRYPTO_Z85_KEY_SIZE] = "";

	if (r->key.len == KEY_BYTES)
		crypto_z85(r->key.p, key);
	if (was_denied_lately(z, key, now))
		return;
	log_warn("zap.denied", LOG_S(IP, bytes_str(r->address)), LOG_Z(PEER, key),
	    LOG_Z(HINT, "to let it in, put its .pub file into the folder of authorized gateways"));
}

static void send_part(void *socket, struct str s, bool more)
{
	zmq_send(socket, s.p, s.len, more ? ZMQ_SNDMORE : 0);
}

/* 300 is "not now": after 400 ("never") a ZeroMQ socket would not try again, and a gateway whose
 * key file comes later had to be restarted. */
static void answer(struct zap *z, const struct request *r, const struct pass *p)
{
	send_part(z->socket, STR("1.0"), true);
	send_part(z->socket, bytes_str(r->id), true);
	send_part(z->socket, p ? STR("200") : STR("300"), true);
	send_part(z->socket, p ? STR("OK") : STR("key not authorized"), true);
	send_part(z->socket, str_of(p ? p->name : ""), true);
	send_part(z->socket, STR(""), false);
}

static void serve_request(struct zap *z, zmq_msg_t *parts, size_t count, struct mono now)
{
	struct bytes part[REQUEST_PARTS] = {{0}};

	for (size_t i = 0; i < count && i < REQUEST_PARTS; i++)
		part[i] = bytes_of(zmq_msg_data(&parts[i]), zmq_msg_size(&parts[i]));
	/* version, request id, domain, address, identity, mechanism, credentials */
	struct request r = {
	    .id = part[1], .address = part[3], .mechanism = part[5], .key = part[6]};
	const struct pass *p = NULL;

	if (str_eqz(bytes_str(r.mechanism), "CURVE") && r.key.len == KEY_BYTES)
		p = find_pass(z, r.key, now);
	if (!p)
		log_denial(z, &r, now);
	answer(z, &r, p);
}

void zap_serve(struct zap *z, struct mono now)
{
	for (;;) {
		zmq_msg_t parts[REQUEST_PARTS];
		size_t count = 0;
		bool more = true;

		while (more && count < REQUEST_PARTS) {
			zmq_msg_init(&parts[count]);
			if (zmq_msg_recv(&parts[count], z->socket, ZMQ_DONTWAIT) < 0) {
				zmq_msg_close(&parts[count]);
				break;
			}
			more = zmq_msg_more(&parts[count++]);
		}
		if (count == 0)
			return;
		serve_request(z, parts, count, now);
		for (size_t i = 0; i < count; i++)
			zmq_msg_close(&parts[i]);
	}
}
