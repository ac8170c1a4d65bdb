/*
 * The report is the result in words for a person and as one JSON object for a program. Used by
 * main.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

struct options;
struct result;

void report_text(FILE *, const struct options *, const struct result *);
/* One line. What was not measured is null. */
void report_json(FILE *, const struct options *, const struct result *);

#endif
