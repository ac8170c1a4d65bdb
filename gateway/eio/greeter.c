#include "gateway/eio/greeter.h"

#include "common/log.h"
#include "gateway/eio/proxyheader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

enum { DEADLINE_MS = 5000 }; /* proxies send the header at once */

struct greeter {
	struct loop *loop;
	struct proxies *proxies;
	void (*on_greeted)(void *ctx, int fd);
	void *ctx;
	struct visitor *waiting;
};

/* A connection of a proxy whose header has not come yet. */
struct visitor {
	struct greeter *greeter;
	struct visitor *prev, *next; /* in greeter->waiting */
	int fd;
	struct ip proxy;
	struct loop_watch *watch;
	struct loop_timer *deadline;
	size_t got, wanted; /* of the header; never a byte behind it is read */
	uint8_t header[PROXYHEADER_MAX];
};

/* It is over with the greeter; the descriptor is the caller's. */
static int part(struct visitor *v)
{
	int fd = v->fd;

	DL_DELETE(v->greeter->waiting, v);
	loop_watch_free(&v->watch);
	loop_timer_free(&v->deadline);
	free(v);
	return fd;
}

static void hang_up(struct visitor *v, const char *why)
{
	char proxy[IP_TEXT_SIZE];

	ip_text(&v->proxy, proxy);
	log_info("proxy.refused", LOG_Z(IP, proxy), LOG_Z(REASON, why));
	close(part(v));
}

static void on_late(void *ctx)
{
	hang_up(ctx, "no PROXY header in time");
}

static void pass_on(struct visitor *v)
{
	struct greeter *g = v->greeter;
	bool is_told;
	struct ip ip;

	if (proxyheader_parse(bytes_of(v->header, v->got), &is_told, &ip)) {
		hang_up(v, "a bad PROXY header");
		return;
	}

	int fd = part(v);

	proxies_introduce(g->proxies, fd, is_told ? &ip : NULL);
	g->on_greeted(g->ctx, fd);
}

/* Reads what there is of what is wanted; false = no more for now, or it was hung up on. */
static bool read_some(struct visitor *v)
{
	ssize_t n = recv(v->fd, v->header + v->got, v->wanted - v->got, 0);

	if (n > 0)
		v->got += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		hang_up(v, "it ended before its PROXY header");
	return n > 0;
}

static void on_readable(void *ctx)
{
	struct visitor *v = ctx;

	do {
		if (!read_some(v))
			return;
		if (v->got == PROXYHEADER_FIXED && proxyheader_length(v->header, &v->wanted)) {
			hang_up(v, "no PROXY header, or one that is too long");
			return;
		}
	} while (v->got < v->wanted);
	pass_on(v);
}

static void wait_for_header(struct greeter *g, int fd, const struct ip *proxy)
{
	struct visitor *v = xcalloc(1, sizeof(*v));

	v->greeter = g;
	v->fd = fd;
	v->proxy = *proxy;
	v->wanted = PROXYHEADER_FIXED;
	v->watch = loop_watch_new(g->loop, fd, on_readable, v);
	v->deadline = loop_timer_new(g->loop, on_late, v);
	loop_timer_arm(v->deadline, DEADLINE_MS);
	DL_APPEND(g->waiting, v);
}

struct greeter *greeter_new(
    struct loop *loop, struct proxies *proxies, void (*on_greeted)(void *ctx, int fd), void *ctx)
{
	struct greeter *g = xcalloc(1, sizeof(*g));

	g->loop = loop;
	g->proxies = proxies;
	g->on_greeted = on_greeted;
	g->ctx = ctx;
	return g;
}

void greeter_free(struct greeter **g)
{
	struct greeter *dead = *g;

	*g = NULL;
	if (!dead)
		return;
	while (dead->waiting)
		close(part(dead->waiting));
	free(dead);
}

void greeter_accept(struct greeter *g, int fd)
{
	struct ip peer;

	proxies_introduce(g->proxies, fd, NULL);
	if (proxies_peer(g->proxies, fd, &peer) && proxies_trust(g->proxies, &peer))
		wait_for_header(g, fd, &peer);
	else
		g->on_greeted(g->ctx, fd);
}
