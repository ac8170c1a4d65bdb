#ifndef ROOMCAST_BROKER_READER_PRIV_H
#define ROOMCAST_BROKER_READER_PRIV_H
/*
 * What the files of the reader share.
 */
#include "broker/reader.h"
#include "broker/sql.h"

struct reader {
	struct sql *sql;
	struct buf content; /* of the message that is being read, encoded */
};

#endif
