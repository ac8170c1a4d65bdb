#ifndef ROOMCAST_BROKER_APPLY_H
#define ROOMCAST_BROKER_APPLY_H
/*
 * Each operation of a batch as the statements that do it. Used by the writer, inside its
 * transaction, which is rolled back when one of them fails.
 */
#include "broker/batch.h"
#include "broker/sql.h"

/* last_gseq is raised to what op puts into the log. Errors as in sql.h. */
MUST_USE enum err apply_op(struct sql *s, const struct batch_op *op, uint64_t *last_gseq);

#endif
