#ifndef ROOMCAST_BROKER_NEWS_H
#define ROOMCAST_BROKER_NEWS_H
/*
 * What store, archive and outbox tell, and who hears it: their event tables. `up` is the struct
 * broker. Used by main.
 */
#include "broker/broker.h"

extern const struct store_events news_of_store;
extern const struct archive_events news_of_archive;
extern const struct outbox_events news_of_outbox;

/* What peers ask and say of the log and the outbox (peers_events). */
uint64_t news_get_gseq(void *broker);
uint64_t news_get_released(void *broker);
uint64_t news_get_pruned(void *broker);
bool news_is_owed(void *broker, const struct peer *p);
void news_on_begun(void *broker, struct peer *p);

#endif
