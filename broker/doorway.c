#include "broker/doorway.h"

#include "broker/admin.h"

/* What is read of one door before the others have their turn. */
enum { LETTERS_A_TURN = 1000, BYTES_A_TURN = 1 << 20 };

static void read_door(void *ctx)
{
	const struct doorway *d = ctx;
	struct broker *b = d->broker;
	struct link_letter letter;
	size_t bytes = 0;

	for (int i = 0; i < LETTERS_A_TURN && bytes < BYTES_A_TURN; i++) {
		if (link_receive(b->link, d->door, &letter))
			return;
		bytes += letter.body.len;
		if (d->door == LINK_CONTROL)
			admin_receive(b->admin, &letter);
		else
			peers_receive(b->peers, &letter, turn_now(b->turn));
	}
	turn_again(b->turn);
}

void doorway_open(struct doorway *d, struct broker *b, enum link_door door)
{
	void *socket = link_socket(b->link, door);

	*d = (struct doorway){b, door};
	if (socket)
		turn_on_socket(b->turn, socket, read_door, d);
}
