#ifndef ROOMCAST_BROKER_SCHEMA_H
#define ROOMCAST_BROKER_SCHEMA_H
/*
 * Opens the broker's database with the tables this program expects: makes them in a new file,
 * brings older ones forward one version at a time (each in one transaction, so that a process
 * killed in the middle finds the version before or the one after), and refuses newer ones and
 * other people's databases without touching them.
 */
#include "broker/sql.h"

/* broker/schema.sql, put into the program by the build. */
extern const char schema_sql[];

struct schema_file {
	const char *path;
	enum sql_mode mode;
	const char *text; /* schema_sql; tests bring others */
};

/*
 * Opens the file; a reader neither makes nor migrates. ERR_VERSION (newer; for a reader: not this
 * one), ERR_MALFORMED (not a database, damaged, or not ours), ERR_DENIED, ERR_BUSY, ERR_IO;
 * ret_why says it in one sentence with what to do.
 */
MUST_USE enum err schema_open(
    const struct schema_file *file, char *ret_why, size_t why_size, struct sql **ret);

#endif
