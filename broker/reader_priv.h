#ifndef ROOMCAST_BROKER_READER_PRIV_H
#define ROOMCAST_BROKER_READER_PRIV_H
/*
 * A reader as its files see it: reader.c opens it and looks things up, reader_user.c looks for
 * users, reader_start.c reads what there is when the broker starts.
 */
#include "broker/reader.h"
#include "broker/sql.h"

struct reader {
	struct sql *sql;
	struct buf content; /* of the message that is being read, encoded */
};

#endif
