#ifndef ROOMCAST_GATEWAY_AUTH_KEYDOC_H
#define ROOMCAST_GATEWAY_AUTH_KEYDOC_H
/*
 * A key document: keys as text, told apart by what it says. PEM: blocks PUBLIC KEY (RFC 7468) of
 * Ed25519, RSA or P-256. JSON: one JWK (RFC 7517) or a set of them, `{"keys": [...]}`. Used by the
 * keyring, which reads the files. Pure.
 */
#include "gateway/auth/keys.h"

enum { KEYDOC_WHY_SIZE = 400 };

struct keydoc {
	const char *name;    /* for ret_why: the file */
	struct wall until;   /* none of its keys is good after that; 0 = each as it says itself */
	uint32_t algorithms; /* keys of others are left out */
};

struct keydoc_found {
	size_t left_out; /* keys of a set that are for something else, or of an unknown kind */
	bool has_secret; /* the document is one that nobody else may read */
};

/*
 * Adds what the text holds to the ring. ERR_INVALID, and nothing is to be made of the ring: it is
 * no such document, a key is broken, weak or private, or two keys of one `kid` are of different
 * algorithms; ERR_FULL: too many. ret_why in words.
 */
MUST_USE enum err keydoc_read(const struct keydoc *doc, struct str text, struct keys *k,
    struct keydoc_found *ret, char ret_why[KEYDOC_WHY_SIZE]);

/* Is it meant to be one of these, whatever is wrong with it? */
bool keydoc_is_one(struct str text);

#endif
