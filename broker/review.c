#include "broker/review.h"

#include "broker/report_rights.h"

#include <stdio.h>

bool review_names_room(const struct command_call *call)
{
	return admin_arg_str(call, "room", "").len > 0;
}

struct room *review_find_room(struct command_call *call)
{
	struct room *r = admin_find_room(call);

	if (!r || !r->is_fleeting)
		return r;
	snprintf(call->why, sizeof(call->why),
	    "\"%.*s\" exists while somebody is in it, and has no members that are stored",
	    STR_ARG(admin_cut(str_of(r->name))));
	return NULL;
}

enum err review_room(struct command_call *call)
{
	const struct room *r = review_find_room(call);

	if (!r)
		return ERR_NOT_FOUND;
	report_room(call->broker, r, &call->value);
	return ERR_OK;
}

enum err review_memberships(struct command_call *call)
{
	const struct room *r = review_find_room(call);

	if (!r)
		return ERR_NOT_FOUND;
	report_memberships(call->broker, r, admin_arg_str(call, "prefix", ""), &call->value);
	return ERR_OK;
}

enum err review_sanctions(struct command_call *call)
{
	struct report_place place = {.nsp = admin_arg_str(call, "nsp", ""),
	    .prefix = admin_arg_str(call, "prefix", ""),
	    .room = review_names_room(call) ? review_find_room(call) : NULL};

	if (review_names_room(call) && !place.room)
		return ERR_NOT_FOUND;
	report_sanctions(
	    call->broker, (enum sanction_kind)call->command->detail, &place, &call->value);
	return ERR_OK;
}
