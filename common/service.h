#ifndef ROOMCAST_COMMON_SERVICE_H
#define ROOMCAST_COMMON_SERVICE_H
/*
 * What the service manager is told (sd_notify); every call is a no-op when there is none.
 */
#include "common/base.h"

/* The process serves; status is one line for `systemctl status`. */
void service_ready(const char *status);
void service_status(const char *status);
void service_stopping(void);

/* How often service_watchdog() is due, ms: half of WatchdogSec; 0 = no watchdog asked for. */
uint64_t service_watchdog_interval_ms(void);
void service_watchdog(void);

#endif
