#include "tests/broker/crew_stage.h"

#include "broker/entry.h"
#include "broker/work.h"

int crew_stage_setup(void **state)
{
	struct crew_stage *s = test_calloc(1, sizeof(*s));
	void *w;

	world_setup(&w);
	s->w = w;
	s->north = (struct peer){.name = "north", .boot = 33, .generation = 1};
	s->south = (struct peer){.name = "south", .boot = 44, .generation = 1};
	*state = s;
	return 0;
}

int crew_stage_teardown(void **state)
{
	struct crew_stage *s = *state;
	void *w = s->w;

	work_on_peer_gone(&s->w->b, &s->north);
	work_on_peer_gone(&s->w->b, &s->south);
	buf_free(&s->north.heard);
	buf_free(&s->south.heard);
	test_free(s);
	return world_teardown(&w);
}

void crew_stage_serve(struct crew_stage *s, struct peer *worker)
{
	struct wire_message m = {.type = WIRE_SERVE};

	m.as.serve.namespaces = bytes_of("\x92\xa5/work\xa5/chat", 13);
	work_on_serve(&s->w->b, worker, &m);
}

void crew_stage_knock(struct crew_stage *s, const char *socket)
{
	world_connect_to(s->w, &s->w->east, "/work", socket, "guest:1");
}

void crew_stage_connect(struct crew_stage *s, struct peer *worker, const char *socket)
{
	struct wire_message m = {.type = WIRE_ACCEPT};

	crew_stage_knock(s, socket);
	m.as.accept.task = crew_stage_task(s);
	work_on_accept(&s->w->b, worker, &m);
	crew_stage_forget(s);
}

void crew_stage_event(struct crew_stage *s, const char *socket, uint64_t request)
{
	struct wire_message m = {.type = WIRE_EVENT};

	m.as.event = (struct wire_event){
	    request, str_of(socket), STR("ping"), bytes_of("\x91\x07", 2), true};
	work_on_event(&s->w->b, &s->w->east, &m);
}

void crew_stage_forget(struct crew_stage *s)
{
	world_forget_heard(s->w);
	buf_reset(&s->north.heard);
	buf_reset(&s->south.heard);
}

uint64_t crew_stage_task(const struct crew_stage *s)
{
	uint64_t number = 0;

	for (uint64_t n = 1; n < 1000; n++) {
		for (int i = 0; i < 2; i++) {
			const struct hand *h = crew_find(s->w->b.crew, i ? &s->north : &s->south);

			if (h && crew_find_task(s->w->b.crew, h, n))
				number = n;
		}
	}
	return number;
}
