#ifndef ROOMCAST_BROKER_CLI_CLIENT_H
#define ROOMCAST_BROKER_CLI_CLIENT_H
/*
 * The operator's line to the broker: one question, one answer, over the control endpoint.
 */
#include "common/buf.h"

struct ctl_client;

/* endpoint: "ipc:///run/roomcast/control.sock". ERR_INVALID, ERR_SYSTEM; ret_why in words. */
MUST_USE enum err ctl_client_open(
    const char *endpoint, char *ret_why, size_t why_size, struct ctl_client **ret);
void ctl_client_close(struct ctl_client **c);

/*
 * Asks and waits. args: an encoded map. The answer's value (an encoded map) is appended to answer.
 * ERR_TIMEOUT: nobody answers at the endpoint; ERR_MALFORMED: what answers is no broker of this
 * version; any other error is the broker's. ret_why says it in words, with what to do.
 */
MUST_USE enum err ctl_client_ask(struct ctl_client *c, const char *command, struct bytes args,
    unsigned timeout_ms, struct buf *answer, char *ret_why, size_t why_size);

#endif
