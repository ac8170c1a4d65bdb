#include "gateway/room/haste.h"

#include "common/log.h"
#include "gateway/metrics.h"
#include "gateway/room/door.h"

bool haste_refuses(struct seat *seat, const struct answer_to *to)
{
	uint64_t wait_ms = door_retry_after_ms(seat->socket);

	if (!wait_ms)
		return false;
	metrics_add(seat->desk->parts.metrics, METRIC_LIMITED, METRIC_LIMIT_EVENTS, 0, 1);
	if (!seat->was_hasty)
		log_info("client.limited", LOG_Z(USER_ID, seat->claims.user),
		    LOG_Z(SOCKET_ID, seat->sid ? seat->sid : seat->id),
		    LOG_Z(IP, door_facts_of(seat->socket)->ip));
	seat->was_hasty = true;
	answer_error(to,
	    &(struct answer_fault){.error = CLIENT_ERROR_RATE_LIMITED, .retry_after_ms = wait_ms});
	return true;
}
