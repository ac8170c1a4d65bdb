#ifndef ROOMCAST_BROKER_ZAP_H
#define ROOMCAST_BROKER_ZAP_H
/*
 * Who may connect over tcp: answers the ZeroMQ authentication requests (ZAP, ZeroMQ RFC 27) of
 * this process by a folder of public keys, one file NAME.pub each. The name becomes the peer's
 * user. The folder is read again when a key is not known, at most once a second, so that adding
 * a file is enough to let a gateway in.
 */
#include "common/clock.h"
#include "common/err.h"
#include "common/str.h"

struct zap;

enum { ZAP_WHY_SIZE = 400 };

/* Must exist before the first CURVE socket binds. ERR_NOT_FOUND (folder), ERR_SYSTEM. */
MUST_USE enum err zap_new(
    void *zmq_context, const char *folder, char ret_why[ZAP_WHY_SIZE], struct zap **ret);
void zap_free(struct zap **z);

/* For turn_on_socket(); then zap_serve() answers what waits. */
void *zap_socket(const struct zap *z);
void zap_serve(struct zap *z, struct mono now);

#endif
