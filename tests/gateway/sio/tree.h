#ifndef ROOMCAST_TESTS_GATEWAY_SIO_TREE_H
#define ROOMCAST_TESTS_GATEWAY_SIO_TREE_H
/*
 * Random arguments of events, plain values that both parsers of clients can say exactly. Used by
 * the tests that send them through one parser and another.
 */
#include "common/buf.h"

/* Seeds rand() from TEST_SEED, else from the clock, and prints it. */
void tree_seed(void);

/* Appends an array of two trees, each with so many levels and with 5 bins at most. */
void tree_put_args(struct buf *out, unsigned depth);

#endif
