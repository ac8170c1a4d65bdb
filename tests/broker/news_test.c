#include "tests/check.h"

#include "broker/admin.h"
#include "broker/catchup.h"
#include "broker/change.h"
#include "broker/erase.h"
#include "broker/look.h"
#include "broker/missed.h"
#include "broker/news.h"
#include "broker/prune.h"
#include "broker/publish.h"

#include <string.h>

/* The neighbours: they write down what they hear. */
static char heard[256];
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

void erase_on_committed(struct broker *b, uint64_t batch)
{
	(void)b;
	note(batch == 3 ? "erased" : "?");
}

void erase_on_failed(struct broker *b)
{
	(void)b;
	note("kept");
}

void prune_on_committed(struct broker *b)
{
	(void)b;
	note("pruned");
}

void prune_on_failed(struct broker *b)
{
	(void)b;
	note("left");
}

void prune_on_plan(struct broker *b, uint64_t request, enum err error, const struct plan *plan)
{
	(void)b;
	note(request == 5 && error == ERR_IO && !plan ? "plan" : "?");
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

void admin_on_stored(struct admin *a, uint64_t batch, enum err error)
{
	(void)a;
	note(batch == 3 && !error ? "stored" : batch == 4 && error ? "lost" : "?");
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

bool outbox_has_for(const struct outbox *o, const struct peer *p)
{
	(void)o;
	note("owed?");
	return p != NULL;
}

void outbox_forget_answers(struct outbox *o, const struct peer *p)
{
	(void)o;
	(void)p;
	note("begun");
}

static void test_what_peers_ask(void **state)
{
	struct broker b = {.gseq = 3, .released = 2, .pruned = 1};

	(void)state;
	heard[0] = '\0';
	assert_int_equal(news_get_gseq(&b), 3);
	assert_int_equal(news_get_released(&b), 2);
	assert_int_equal(news_get_pruned(&b), 1);
	assert_false(news_is_owed(&b, NULL));
	news_on_begun(&b, NULL);
	assert_string_equal(heard, "owed? begun ");
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
	news_of_archive.on_plan(&b, 5, ERR_IO, NULL);
	news_of_outbox.on_send(&b, NULL, f, 8);
	news_of_outbox.on_send(&b, NULL, f, 0);
	assert_string_equal(heard,
	    "committed changed erased pruned stored failed unchanged kept left lost session? client? operator session? "
	    "client? operator? log operator? plan stored said ");
	frame_unref(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_hears_what),
	    cmocka_unit_test(test_what_peers_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
