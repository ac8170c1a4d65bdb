#ifndef ROOMCAST_GATEWAY_EIO_DOORMAN_H
#define ROOMCAST_GATEWAY_EIO_DOORMAN_H
/*
 * The doorman: how many sessions an address opens a second. Addresses of IPv6 count by their first
 * 64 bits, which is what one customer has. Who was quiet is forgotten; with DOORMAN_MAX addresses
 * in mind, the one that came the longest time ago is.
 */
#include "common/ip.h"

struct doorman;
struct loop;

enum { DOORMAN_MAX = 65536 };

/* per_second: 0 = as many as come. */
struct doorman *doorman_new(const struct loop *loop, uint64_t per_second);
void doorman_free(struct doorman **d);

/* One more. false: too many; it does not count. */
MUST_USE bool doorman_admit(struct doorman *d, const struct ip *ip);

size_t doorman_known(const struct doorman *d);
uint64_t doorman_refused(const struct doorman *d); /* how often */

#endif
