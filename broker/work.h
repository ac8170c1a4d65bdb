#ifndef ROOMCAST_BROKER_WORK_H
#define ROOMCAST_BROKER_WORK_H
/*
 * Work: what clients of worker namespaces do becomes a task of an application worker, and what the
 * worker answers goes back. So do events of a namespace of rooms that have no name there, if a
 * worker serves it; who is let in, and who is in which room, is then not the worker's. A worker
 * that is gone has its unanswered tasks given to another; when there is none they are answered
 * UNAVAILABLE. What workers want of their own is order.h's.
 */
#include "broker/broker.h"
#include "proto/wire.h"

/* Is it a worker namespace? */
bool work_is_for(const struct broker *b, struct str nsp);

/* A session wants to be let in (again). True: it is in, tell its gateway; false: that comes later.
 */
bool work_on_enter(struct broker *b, struct session *s, const struct wire_connect *c);
/* It was let in before this broker, or this link, knew of it. */
void work_on_announced(struct broker *b, struct session *s);
/* Of any namespace, when it ends. */
void work_on_gone(struct broker *b, struct session *s, struct str reason);

/* A wire message of gateways or workers that is about work or an order. False: it is neither. */
bool work_on_message(struct broker *b, struct peer *p, const struct wire_message *m);

/* Handlers of the wire messages of the same name. */
void work_on_event(struct broker *b, struct peer *p, const struct wire_message *m);
void work_on_ack(struct broker *b, struct peer *p, const struct wire_message *m);
void work_on_serve(struct broker *b, struct peer *p, const struct wire_message *m);
void work_on_accept(struct broker *b, struct peer *p, const struct wire_message *m);
void work_on_refuse(struct broker *b, struct peer *p, const struct wire_message *m);
void work_on_answer(struct broker *b, struct peer *p, const struct wire_message *m);
void work_on_done(struct broker *b, struct peer *p, const struct wire_message *m);

/* The peer is gone; nothing when it was no worker. */
void work_on_peer_gone(struct broker *b, struct peer *p);

#endif
