#include "broker/cli/run.h"

#include <errno.h>
#include <string.h>

#include "broker/cli/client.h"
#include "broker/cli/emission.h"
#include "broker/cli/keygen.h"
#include "broker/cli/mint.h"
#include "common/crypto.h"
#include "proto/value.h"

enum { WHY_SIZE = KEYFILE_WHY_SIZE };

/* Appends the answer, an encoded map; when it is not RUN_DONE, ret_why says why. */
typedef enum run_exit deed(
    const struct command *c, const struct options *o, struct buf *answer, char ret_why[WHY_SIZE]);

/* What the broker is asked, and how long it may take. */
struct question {
	const char *command;
	struct bytes args;
	uint64_t timeout_ms;
	enum run_exit unavailable; /* what it means that the broker says so */
};

static enum run_exit put(
    const struct options *o, const struct question *q, struct buf *answer, char ret_why[WHY_SIZE])
{
	struct ctl_client *client = NULL;
	enum err e = ctl_client_open(o->text[OPTION_ENDPOINT], ret_why, WHY_SIZE, &client);

	if (e)
		return e == ERR_INVALID ? RUN_USAGE : RUN_FAILED;
	e = ctl_client_ask(
	    client, q->command, q->args, (unsigned)q->timeout_ms, answer, ret_why, WHY_SIZE);
	ctl_client_close(&client);
	if (e == ERR_TIMEOUT)
		return RUN_UNREACHABLE;
	if (e == ERR_UNAVAILABLE)
		return q->unavailable;
	return e ? RUN_FAILED : RUN_DONE;
}

static enum run_exit ask(
    const struct command *c, const struct options *o, struct buf *answer, char ret_why[WHY_SIZE])
{
	struct buf args = {0};

	command_put_args(c, o, &args);
	enum run_exit code = put(o,
	    &(struct question){c->wire, buf_bytes(&args), o->number[OPTION_TIMEOUT], RUN_FAILED},
	    answer, ret_why);

	buf_free(&args);
	return code;
}

static enum run_exit emit(
    const struct command *c, const struct options *o, struct buf *answer, char ret_why[WHY_SIZE])
{
	struct buf args = {0};
	enum run_exit code = RUN_USAGE;

	(void)c;
	if (emission_put_args(o, &args, ret_why) == ERR_OK)
		code = put(o,
		    &(struct question){"emit", buf_bytes(&args), emission_wait_ms(o), RUN_OFFLINE},
		    answer, ret_why);
	buf_free(&args);
	if (code == RUN_DONE && !emission_is_answered(buf_bytes(answer)))
		code = RUN_UNANSWERED;
	return code;
}

static enum run_exit mint(
    const struct command *c, const struct options *o, struct buf *answer, char ret_why[WHY_SIZE])
{
	char fresh[CRYPTO_ID_LEN + 1];

	/* One that can be revoked without its brothers. */
	crypto_id(fresh);
	struct mint_order order = {
	    .id = o->text[OPTION_JTI] ? o->text[OPTION_JTI] : fresh,
	    .user = o->text[OPTION_USER],
	    .username = o->text[OPTION_NAME],
	    .rooms = o->rooms,
	    .room_count = o->room_count,
	    .issuer = o->text[OPTION_ISSUER],
	    .audience = o->text[OPTION_AUDIENCE],
	    .now = clock_wall(),
	    .lifetime_s = o->number[OPTION_EXPIRES],
	    .key_file = o->text[OPTION_KEY_FILE],
	};
	struct wall expires;
	struct buf token = {0};
	enum err e = mint_token(&order, &token, &expires, ret_why);

	(void)c;
	if (!e) {
		value_put_map(answer, 3);
		value_put_str_pair(answer, STR("token"), buf_str(&token));
		value_put_str_pair(answer, STR("tokenId"), str_of(order.id));
		value_put_u64_pair(answer, STR("expiresAt"), (uint64_t)expires.ms);
	}
	buf_free(&token);
	return e ? RUN_FAILED : RUN_DONE;
}

static enum run_exit make_keys(
    const struct command *c, const struct options *o, struct buf *answer, char ret_why[WHY_SIZE])
{
	const char *kind_word = o->words[1];
	struct keygen_files files;
	enum keygen_kind kind;

	(void)c;
	/* command_check has let the word through, from the table that kinds come from too. */
	if (keygen_kind_of(kind_word, &kind))
		return RUN_USAGE;
	if (keygen_make(kind, o->text[OPTION_OUT], &files, ret_why))
		return RUN_FAILED;
	value_put_map(answer, files.public_file ? 3 : 2);
	value_put_str_pair(answer, STR("kind"), str_of(kind_word));
	value_put_str_pair(answer, STR("secretFile"), str_of(files.secret_file));
	if (files.public_file)
		value_put_str_pair(answer, STR("publicFile"), str_of(files.public_file));
	keygen_files_free(&files);
	return RUN_DONE;
}

static deed *const deeds[] = {
    [COMMAND_ASKS] = ask,
    [COMMAND_MINTS] = mint,
    [COMMAND_MAKES_KEYS] = make_keys,
    [COMMAND_EMITS] = emit,
};

static enum run_exit print(const struct command *c, const struct options *o, FILE *out,
    struct bytes answer, char ret_why[WHY_SIZE])
{
	bool is_brief = c->brief && !(o->given & OPTION_BIT(ACK));
	enum err e = o->given & OPTION_BIT(JSON)
			 ? print_json(out, answer)
			 : print_text(out, is_brief ? c->brief : &c->layout, answer);

	if (e) {
		snprintf(ret_why, WHY_SIZE, "the answer cannot be read: %s", err_text(e));
		return RUN_FAILED;
	}
	if (fflush(out) != 0 || ferror(out)) {
		snprintf(ret_why, WHY_SIZE, "the answer cannot be written: %s", strerror(errno));
		return RUN_FAILED;
	}
	return RUN_DONE;
}

enum run_exit run_command(const struct command *c, const struct options *o, FILE *out, FILE *err)
{
	struct buf answer = {0};
	char why[WHY_SIZE] = "";
	enum run_exit code = deeds[c->deed](c, o, &answer, why);

	if (answer.len) {
		enum run_exit printed = print(c, o, out, buf_bytes(&answer), why);

		code = printed ? printed : code;
	}
	if (why[0])
		fprintf(err, "roomcastctl: %s\n", why);
	buf_free(&answer);
	return code;
}
