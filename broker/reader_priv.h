#ifndef ROOMCAST_BROKER_READER_PRIV_H
#define ROOMCAST_BROKER_READER_PRIV_H
/*
 * A reader as those see it who read through it: reader*.c.
 */
#include "broker/reader.h"
#include "broker/sql.h"

struct reader {
	struct sql *sql;
	struct buf content; /* of the message that is being read, encoded */
};

#endif
