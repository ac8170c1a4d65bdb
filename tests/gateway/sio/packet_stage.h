#ifndef ROOMCAST_TESTS_GATEWAY_SIO_PACKET_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_SIO_PACKET_STAGE_H
/*
 * Where packets are decoded to and how they are put in words, for the tests of both codecs.
 */
#include "common/buf.h"
#include "gateway/sio/packet.h"
#include "tests/check.h"

#define BYTES(literal) bytes_of(literal, sizeof(literal) - 1)

extern const struct packet_limits stage_limits;
extern struct buf stage_scratch, stage_out;

/* For cmocka_unit_test_teardown: both buffers are given back, and no frame is left. */
int stage_clean(void **state);

/* "<type> <nsp> <ack id or -> <name> <data as JSON or ->", in stage_out; the second where bins
 * stand in the data, which are placeholders then. */
struct str stage_describe(const struct packet *p);
struct str stage_describe_bins(const struct packet *p);

#endif
