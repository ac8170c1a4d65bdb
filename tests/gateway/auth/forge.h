#ifndef ROOMCAST_TESTS_GATEWAY_AUTH_FORGE_H
#define ROOMCAST_TESTS_GATEWAY_AUTH_FORGE_H
/*
 * Makes tokens, good and bad, and puts them before token_verify. Each test gets a fresh forge
 * as its cmocka state: it is listed as FORGE_TEST(name).
 */
#include "gateway/auth/token.h"

#define FORGE_HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define FORGE_EDDSA "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}"
#define FORGE_TIMES "\"iat\":1700000000,\"exp\":1700003600"
#define FORGE_CLAIMS "{\"sub\":\"anna\"," FORGE_TIMES "}"
#define FORGE_SECRET "a secret of more than thirty-two bytes, as it must be"
#define FORGE_NOW INT64_C(1700000000000) /* within FORGE_TIMES */

struct forge {
	struct keys *keys; /* FORGE_SECRET, then the Ed25519 key of RFC 8037 appendix A */
	uint8_t ed_secret[CRYPTO_ED25519_SECRET_BYTES];
	struct buf token;           /* made last */
	struct token_claims claims; /* of the last verdict, if it was TOKEN_OK */
	const char *detail;         /* of the last verdict */
};

#define FORGE_TEST(name) cmocka_unit_test_setup_teardown(name, forge_set_up, forge_tear_down)
int forge_set_up(void **state);
int forge_tear_down(void **state);

/* Adds a key; it must fit. */
void forge_add(struct keys *ring, const struct key *key);

struct bytes forge_bytes(const char *z);

/* Each makes f->token. The unsigned one has two parts. */
void forge_unsigned(struct forge *f, const char *header, const char *payload);
void forge_hs256(struct forge *f, const char *header, const char *payload, struct bytes secret);
void forge_eddsa(struct forge *f, const char *header, const char *payload);
void forge_with(struct forge *f, const char *header, const char *payload,
    void (*sign)(const void *ctx, struct bytes text, struct buf *out), const void *ctx);

/*
 * The verdict on f->token: with the forge's keys at FORGE_NOW and no rules, or as given. Fails
 * the test when a refusal has touched its output.
 */
enum token_verdict forge_verify(struct forge *f);
enum token_verdict forge_verify_with(
    struct forge *f, const struct keys *keys, const struct token_rules *rules, int64_t now_ms);

/* The verdict on a token as it comes. */
enum token_verdict forge_text_verdict(struct forge *f, const char *text);

/* The verdict on claims, or on a header, signed with FORGE_SECRET. */
enum token_verdict forge_verdict(struct forge *f, const char *payload);
enum token_verdict forge_header_verdict(struct forge *f, const char *header);

#endif
