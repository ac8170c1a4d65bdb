#include "tests/bench/baseline.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/baseline_server.h"
#include "tests/bench/die.h"
#include "tests/bench/histogram.h"
#include "tests/bench/loop.h"
#include "tests/bench/message.h"
#include "tests/bench/proc.h"
#include "tests/bench/wsclient.h"

#define NS_PER_S UINT64_C(1000000000)

struct baseline {
	struct loop *loop;
	struct histogram *delivery; /* filled and thrown away: it is part of receiving */
	struct patience patience;
	pid_t pid;
	int control_fd;
	uint64_t received;
	size_t members;
	struct wsclient *clients[];
};

/* Does what the fleet does with a message, except for believing it. */
static void on_text(void *owner, const struct wsclient_message *message)
{
	struct baseline *b = owner;
	struct message_stamp stamp = {.due_ns = 0};
	uint64_t seq;

	if (!message_find_stamp(message->text, message->len, &stamp) ||
	    !message_find_seq(message->text, message->len, &seq))
		die("baseline: the captured frame is not a message");
	histogram_add(b->delivery, message->received_ns - stamp.due_ns);
	patience_renew(&b->patience, message->received_ns);
	b->received++;
}

static void on_failed(void *owner, const char *reason)
{
	(void)owner;
	die("baseline: %s", reason);
}

static int listen_on_loopback(struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		die("baseline: listen: %s", strerror(errno));
	*ret_address = address;
	return fd;
}

/* Connects to our own listener, so both ends are here before the fork. */
static void make_connection(
    int listen_fd, const struct sockaddr_in *address, int *ret_client, int *ret_server)
{
	const int on = 1;

	*ret_client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*ret_client < 0 ||
	    connect(*ret_client, (const struct sockaddr *)address, sizeof(*address)) != 0 ||
	    fcntl(*ret_client, F_SETFL, O_NONBLOCK) != 0)
		die("baseline: connect: %s", strerror(errno));
	*ret_server = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (*ret_server < 0 ||
	    setsockopt(*ret_server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
		die("baseline: accept: %s", strerror(errno));
}

static void make_connections(size_t count, int *client_fds, int *server_fds)
{
	struct sockaddr_in address;
	int listen_fd = listen_on_loopback(&address);

	for (size_t i = 0; i < count; i++)
		make_connection(listen_fd, &address, &client_fds[i], &server_fds[i]);
	close(listen_fd);
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

__attribute__((noreturn)) static void be_the_child(
    pid_t parent, int control_fd, const int *server_fds, size_t count)
{
	/* However the parent ends, the child must not outlive it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
	baseline_serve(control_fd, server_fds, count);
}

static void fork_server(struct baseline *b, const int *client_fds, const int *server_fds)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		die("baseline: socketpair: %s", strerror(errno));
	b->pid = fork();
	if (b->pid < 0)
		die("baseline: fork: %s", strerror(errno));
	if (b->pid == 0) {
		close(pair[0]);
		close_all(client_fds, b->members);
		be_the_child(parent, pair[1], server_fds, b->members);
	}
	close(pair[1]);
	b->control_fd = pair[0];
}

static void adopt_clients(struct baseline *b, const int *client_fds)
{
	static const struct wsclient_events events = {.on_text = on_text, .on_failed = on_failed};
	struct wsclient_conf conf;

	b->loop = loop_new();
	conf = (struct wsclient_conf){.loop = b->loop, .events = &events, .owner = b};
	for (size_t i = 0; i < b->members; i++)
		b->clients[i] = wsclient_adopt(&conf, client_fds[i]);
}

static void command(
    struct baseline *b, enum baseline_verb verb, uint64_t burst, const struct baseline_job *job)
{
	static struct baseline_command packet;
	size_t len = offsetof(struct baseline_command, frame);

	packet.verb = verb;
	packet.burst = (uint32_t)burst;
	packet.frame_len = (uint32_t)job->frame_len;
	if (verb == BASELINE_LOAD) {
		memcpy(packet.frame, job->frame, job->frame_len);
		len += job->frame_len;
	}
	if (send(b->control_fd, &packet, len, MSG_NOSIGNAL) != (ssize_t)len)
		die("baseline: the child does not listen: %s", strerror(errno));
}

static void turn(struct baseline *b, uint64_t until_ns)
{
	uint64_t end_ns = patience_end_ns(&b->patience);

	loop_turn(b->loop, until_ns < end_ns ? until_ns : end_ns);
	if (patience_is_over(&b->patience))
		die("baseline: no progress for %llu s, %llu frames received",
		    (unsigned long long)(b->patience.limit_ns / NS_PER_S),
		    (unsigned long long)b->received);
}

static void run_round(struct baseline *b, const struct baseline_job *job, uint64_t burst)
{
	uint64_t wanted = b->received + burst * b->members;

	patience_renew(&b->patience, loop_now_ns());
	command(b, job->is_coalesced ? BASELINE_COALESCED : BASELINE_ONE_SEND, burst, job);
	while (b->received < wanted)
		turn(b, UINT64_MAX);
}

/* A phase at a rate is one message at a time here too, each when it is due. */
static void run_rounds(struct baseline *b, const struct baseline_job *job)
{
	uint64_t largest = job->pace.burst > 0 ? job->pace.burst : 1;
	uint64_t begin_ns = loop_now_ns();

	for (uint64_t done = 0, burst; done < job->messages; done += burst) {
		uint64_t due_ns = begin_ns;

		if (job->pace.rate_per_s > 0)
			due_ns += done * NS_PER_S / job->pace.rate_per_s;
		while (loop_now_ns() < due_ns)
			turn(b, due_ns);
		burst = job->messages - done < largest ? job->messages - done : largest;
		run_round(b, job, burst);
	}
}

struct baseline *baseline_start(size_t members, uint64_t timeout_ns)
{
	struct baseline *b = need_memory(1, sizeof(*b) + members * sizeof(b->clients[0]));
	int *client_fds = need_memory(members, sizeof(*client_fds));
	int *server_fds = need_memory(members, sizeof(*server_fds));

	b->members = members;
	b->patience.limit_ns = timeout_ns;
	b->delivery = histogram_new();
	make_connections(members, client_fds, server_fds);
	fork_server(b, client_fds, server_fds);
	close_all(server_fds, members);
	adopt_clients(b, client_fds);
	free(client_fds);
	free(server_fds);
	return b;
}

void baseline_free(struct baseline **baseline)
{
	struct baseline *b = *baseline;

	if (!b)
		return;
	close(b->control_fd);
	waitpid(b->pid, NULL, 0);
	for (size_t i = 0; i < b->members; i++)
		wsclient_free(&b->clients[i]);
	loop_free(&b->loop);
	histogram_free(&b->delivery);
	free(b);
	*baseline = NULL;
}

void baseline_run(
    struct baseline *b, const struct baseline_job *job, struct baseline_result *result)
{
	const struct proc_set child = {.count = 1, .pids = {b->pid}};
	uint64_t before_ns, received = b->received;

	if (job->frame_len > BASELINE_FRAME_MAX)
		die("baseline: a frame of %zu bytes is too long", job->frame_len);
	command(b, BASELINE_LOAD, job->pace.burst > 0 ? job->pace.burst : 1, job);
	before_ns = proc_cpu_ns(&child);
	run_rounds(b, job);
	result->cpu_ns += proc_cpu_ns(&child) - before_ns;
	result->deliveries += b->received - received;
}
