#ifndef ROOMCAST_COMMON_FILES_H
#define ROOMCAST_COMMON_FILES_H
/*
 * The open files of this process, connections above all: how many there may be, and whether they
 * run out. What lets others in keeps some in reserve by it, so that who is in, the pages for
 * operators and what the process does for itself go on when no more are let in.
 */
#include "common/clock.h"
#include "common/err.h"

/* Raises the limit as far as the system lets it, and at most to a million. What it is then. */
uint64_t files_raise(void);

/* Raises it, too. ERR_SYSTEM: it is still under `least`; ret_why says what to do. */
MUST_USE enum err files_require(uint64_t least, char *ret_why, size_t why_size);

/* What it is now. */
uint64_t files_limit(void);

/* Fewer than so many are left. Two calls of the system, unless it is close. */
bool files_are_short(uint64_t reserve);

/* The same in the course of time, for the log. All zero at first. */
struct files_watch {
	bool is_short; /* as it was last seen */
	bool is_told;  /* the log has it that they are short */
	bool was_told;
	struct mono told;
};

/* May another one use some? Between two looks of files_watch() it can become false, not true: to
 * look costs most when they are short. */
MUST_USE bool files_admit(struct files_watch *w, uint64_t reserve);

/* Logs that they have become short, once a minute at most, and that there are enough again. */
void files_watch(struct files_watch *w, uint64_t reserve, struct mono now);

#endif
