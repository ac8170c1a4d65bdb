#ifndef ROOMCAST_BROKER_RIGHTS_H
#define ROOMCAST_BROKER_RIGHTS_H
/*
 * Rights: what a user may do in a room, by the kind of the room, the stored memberships, the grants
 * of his token, bans and mutes. The one place that says so; whoever acts asks here. Changes
 *nothing.
 *
 *	                    public   private            archived
 *	enter, read         all      members, grants    members
 *	speak               all      members, grants    nobody
 *	moderate            moderators, on those who are none, where the namespace has moderation
 *
 * To enter is to join, to read what was said and to see who is there; to speak is to say something
 * and to be seen typing. Who is banned from a room may nothing there, a member and a moderator too;
 * who is muted in it may not speak. Personal rooms are nobody's to enter or to speak in.
 */
#include "broker/broker.h"
#include "broker/say.h"

/* ret_fault: what a client is told when the answer is no; may be NULL. */
bool rights_may_enter(const struct broker *b, const struct session *s, const struct room *r,
    struct say_fault *ret_fault);
bool rights_may_speak(const struct broker *b, const struct session *s, const struct room *r,
    struct say_fault *ret_fault);
bool rights_may_moderate(const struct broker *b, const struct session *s, const struct room *r,
    struct str user, struct say_fault *ret_fault);

/* His ban from that namespace, or from everything; NULL when he may connect. */
const struct sanction *rights_find_ban(const struct broker *b, struct str nsp, struct str user);

/* Does the namespace have the events of moderators? */
bool rights_are_moderated(const struct broker *b, struct str nsp);

#endif
