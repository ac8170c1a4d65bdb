#ifndef ROOMCAST_BROKER_DOORMAN_H
#define ROOMCAST_BROKER_DOORMAN_H
/*
 * Who opens the doors of the broker when somebody connects: this program's own accept4(), which
 * libzmq and libmicrohttpd call in the place of the system's. libzmq 4.3 aborts when it accepts on
 * ipc and no descriptor is left, and spins when it does so on tcp. So the last descriptors are
 * kept back: whoever comes from outside is turned away (accepted and closed) a good while before
 * operators and gateways of this machine are, and nobody is told that there are none.
 *
 * It has no object, for libraries cannot be given one. Any thread.
 */
#include "common/base.h"

enum {
	DOORMAN_FILES_MIN = 128,  /* with fewer there is no point in starting */
	DOORMAN_RESERVE = 48,     /* not for connections over tcp */
	DOORMAN_RESERVE_IPC = 16, /* nor these for others */
};

/* Connections to this listening socket are let in as long as there is any descriptor. */
void doorman_favour(int listening_fd);

/* How many were turned away so far. */
uint64_t doorman_turned_away(void);

#endif
