#include "tests/check.h"

#include "broker/admin.h"
#include "broker/catchup.h"
#include "broker/change.h"
#include "broker/look.h"
#include "broker/missed.h"
#include "broker/news.h"
#include "broker/publish.h"

#include <string.h>

/* The neighbours: they write down what they hear. */
static char heard[128];
static bool is_clients_page, is_operators_log;

static void note(const char *what)
{
	strcat(strcat(heard, what), " ");
}

void publish_on_committed(struct broker *b, uint64_t batch)
{
	(void)b;
	note(batch == 3 ? "committed" : "?");
}

void publish_on_failed(struct broker *b, const char *why)
{
	(void)b;
	note(why);
}

void change_on_committed(struct broker *b, uint64_t batch)
{
	(void)b;
	note(batch == 3 ? "changed" : "?");
}

void change_on_failed(struct broker *b)
{
	(void)b;
	note("unchanged");
}

void catchup_on_log(struct broker *b, const struct archive_log *log)
{
	(void)b;
	(void)log;
	note("log");
}

bool missed_on_page(struct broker *b, const struct archive_answer *answer)
{
	(void)b;
	(void)answer;
	note("session?");
	return false;
}

bool look_on_page(struct broker *b, const struct archive_answer *answer)
{
	(void)b;
	(void)answer;
	note("client?");
	return is_clients_page;
}

void admin_on_page(struct admin *a, const struct archive_answer *answer)
{
	(void)a;
	(void)answer;
	note("operator");
}

bool admin_on_log(struct admin *a, const struct archive_log *log)
{
	(void)a;
	(void)log;
	note("operator?");
	return is_operators_log;
}

void peer_deliver(struct peer *p, uint64_t gseq, struct frame *message)
{
	(void)p;
	(void)message;
	note(gseq == 8 ? "stored" : "?");
}

void peer_put_encoded(struct peer *p, struct bytes message)
{
	(void)p;
	(void)message;
	note("said");
}

static void test_who_hears_what(void **state)
{
	struct broker b = {0};
	struct archive_answer page = {0};
	struct archive_log log = {0};
	struct frame *f = frame_new(bytes_of("m", 1));

	(void)state;
	news_of_store.on_committed(&b, 3);
	news_of_store.on_failed(&b, 4, "failed");
	news_of_archive.on_page(&b, &page);
	is_clients_page = true;
	news_of_archive.on_page(&b, &page);
	news_of_archive.on_log(&b, &log);
	is_operators_log = true;
	news_of_archive.on_log(&b, &log);
	news_of_outbox.on_send(&b, NULL, f, 8);
	news_of_outbox.on_send(&b, NULL, f, 0);
	assert_string_equal(heard,
	    "committed changed failed unchanged session? client? operator session? client? operator? log "
	    "operator? stored said ");
	frame_unref(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_hears_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
