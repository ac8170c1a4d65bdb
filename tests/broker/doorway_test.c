#include "tests/check.h"

#include "broker/admin.h"
#include "broker/doorway.h"

#include <string.h>

/* The neighbours: a link with letters waiting, and those who get them. */
static struct {
	int waiting, at_desk, at_peers, again;
	void *socket;
	size_t letter_bytes;
	void (*on_readable)(void *ctx);
	void *ctx;
} scene;

void *link_socket(const struct link *l, enum link_door door)
{
	(void)l;
	(void)door;
	return scene.socket;
}

enum err link_receive(struct link *l, enum link_door door, struct link_letter *ret)
{
	static uint8_t body[1 << 20];

	(void)l;
	if (!scene.waiting)
		return ERR_NOT_FOUND;
	scene.waiting--;
	*ret = (struct link_letter){.from.door = door, .body = bytes_of(body, scene.letter_bytes)};
	return ERR_OK;
}

void turn_on_socket(struct turn *t, void *zmq_socket, void (*fn)(void *ctx), void *ctx)
{
	(void)t;
	assert_ptr_equal(zmq_socket, scene.socket);
	scene.on_readable = fn;
	scene.ctx = ctx;
}

void turn_again(struct turn *t)
{
	(void)t;
	scene.again++;
}

struct mono turn_now(const struct turn *t)
{
	(void)t;
	return (struct mono){1};
}

void admin_receive(struct admin *a, const struct link_letter *letter)
{
	(void)a;
	(void)letter;
	scene.at_desk++;
}

void peers_receive(struct peers *ps, const struct link_letter *letter, struct mono now)
{
	(void)ps;
	(void)letter;
	(void)now;
	scene.at_peers++;
}

static struct broker b;
static struct doorway doorway;

static int setup(void **state)
{
	(void)state;
	memset(&scene, 0, sizeof(scene));
	scene.socket = &scene;
	scene.letter_bytes = 1;
	return 0;
}

static void test_operators_and_peers(void **state)
{
	(void)state;
	scene.waiting = 3;
	doorway_open(&doorway, &b, LINK_CONTROL);
	scene.on_readable(scene.ctx);
	assert_int_equal(scene.at_desk, 3);
	scene.waiting = 2;
	doorway_open(&doorway, &b, LINK_TCP);
	scene.on_readable(scene.ctx);
	assert_int_equal(scene.at_peers, 2);
	assert_int_equal(scene.again, 0);
}

static void test_a_closed_door(void **state)
{
	(void)state;
	scene.socket = NULL;
	doorway_open(&doorway, &b, LINK_TCP);
	assert_null(scene.on_readable);
}

static void test_not_more_than_its_share_of_a_turn(void **state)
{
	(void)state;
	scene.waiting = 5;
	scene.letter_bytes = 1 << 19;
	doorway_open(&doorway, &b, LINK_IPC);
	scene.on_readable(scene.ctx);
	assert_int_equal(scene.at_peers, 2);
	assert_int_equal(scene.again, 1);
	scene.waiting = 5000;
	scene.letter_bytes = 1;
	scene.on_readable(scene.ctx);
	assert_int_equal(scene.at_peers, 1002);
	assert_int_equal(scene.again, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_operators_and_peers, setup),
	    cmocka_unit_test_setup(test_a_closed_door, setup),
	    cmocka_unit_test_setup(test_not_more_than_its_share_of_a_turn, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
