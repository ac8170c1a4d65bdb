#include "common/service.h"

#include <string.h>
#include <systemd/sd-daemon.h>

/* The status is one line; a second one would be read as another assignment. */
static int line_len(const char *status)
{
	return (int)strcspn(status, "\n");
}

void service_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%.*s", line_len(status), status);
}

void service_status(const char *status)
{
	sd_notifyf(0, "STATUS=%.*s", line_len(status), status);
}

void service_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

uint64_t service_watchdog_interval_ms(void)
{
	uint64_t us = 0;

	return sd_watchdog_enabled(0, &us) > 0 ? us / 2 / 1000 : 0;
}

void service_watchdog(void)
{
	sd_notify(0, "WATCHDOG=1");
}
