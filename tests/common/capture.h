#ifndef ROOMCAST_TESTS_COMMON_CAPTURE_H
#define ROOMCAST_TESTS_COMMON_CAPTURE_H
/*
 * What the code under test writes to a file descriptor (1 or 2), caught in a file without a name
 * for tests to read. Never blocks, whatever the amount.
 */
struct capture;

/* From now on fd writes into the capture. */
struct capture *capture_new(int fd);

/* Gives fd back; the text caught, which the caller ends with free(). *c is NULL afterwards. */
char *capture_end(struct capture **c);

#endif
