#include "gateway/eio/http_routes.h"

static bool is_engine_path(const struct http_routes *routes, struct str path)
{
	struct str ours = routes->path;

	return str_has_prefix(path, ours) && (path.len == ours.len || path.p[ours.len] == '/');
}

static struct frame *answer_text(const struct http_request *r, unsigned status, bool is_last)
{
	return http_answer(r, &(struct http_answer){
				  .status = status,
				  .content_type = "text/plain; charset=UTF-8",
				  .body = status == 404 ? STR("Not Found\n") : STR("Bad Request\n"),
				  .is_last = is_last,
			      });
}

/* Who wants a session gets one if there is room for it. */
static bool may_open(const struct http_routes *routes, enum eio_sid sid, enum eio_refusal *ret_why)
{
	if (sid != EIO_SID_NONE)
		return true;
	if (eio_family_open_count(routes->family) < routes->sessions_max &&
	    routes->events->may_open(routes->up))
		return true;
	*ret_why = EIO_REFUSAL_UNAVAILABLE;
	return false;
}

static bool may_upgrade(
    const struct http_routes *routes, const struct eio_request *request, enum eio_refusal *ret_why)
{
	enum eio_sid sid = polls_sid(routes->polls, request->sid);

	return eio_request_may_upgrade(request, sid, ret_why) && may_open(routes, sid, ret_why);
}

static bool may_poll(
    const struct http_routes *routes, const struct eio_request *request, enum eio_refusal *ret_why)
{
	enum eio_sid sid = polls_sid(routes->polls, request->sid);

	return eio_request_may_poll(request, sid, ret_why) && may_open(routes, sid, ret_why);
}

bool http_route_upgrade(const struct http_routes *routes, struct wire *w)
{
	struct http_request *r = http_request_new(w);
	const struct eio_request *request = http_request_engine(r);
	struct frame *answer = NULL;
	enum eio_refusal why;
	/* An upgrade that libwebsockets does not know it has answered already and forgotten, and
	 * still asks, with a stale pointer: go by what can be read now. */
	bool goes_on = request->upgrade.len > 0;

	if (goes_on && !is_engine_path(routes, http_request_path(r)))
		answer = answer_text(r, 404, true);
	else if (goes_on && !may_upgrade(routes, request, &why))
		answer = http_refusal(r, why, true);
	if (answer) {
		(void)http_write_take(w, &answer);
		goes_on = false;
	}
	http_request_free(&r);
	return goes_on;
}

/* Files take no body, and libwebsockets, who serves them, cannot be trusted to skip one. */
static bool is_body_for_file(const struct http_routes *routes, const struct http_request *r)
{
	return routes->has_files && http_request_body_bytes(r) &&
	       !is_engine_path(routes, http_request_path(r));
}

bool http_route_plain(const struct http_routes *routes, struct wire *w)
{
	struct http_request *r = http_request_new(w);
	unsigned status = http_request_bad_body(r);

	if (!status && is_body_for_file(routes, r))
		status = 405;
	if (status) {
		struct frame *answer = answer_text(r, status, true);

		(void)http_write_take(w, &answer);
	}
	http_request_free(&r);
	return !status;
}

static struct frame *answer_page(const struct http_routes *routes, const struct http_request *r)
{
	struct buf body = {0};
	struct eio_page page = {.status = 200, .content_type = "text/plain", .body = &body};
	struct str method = http_request_engine(r)->method;
	struct frame *answer;

	if ((str_eqz(method, "GET") || str_eqz(method, "HEAD")) &&
	    routes->events->on_page(routes->up, http_request_path(r), &page))
		answer = http_answer(r, &(struct http_answer){
					    .status = page.status,
					    .content_type = page.content_type,
					    .body = buf_str(&body),
					});
	else
		answer = answer_text(r, 404, false);
	buf_free(&body);
	return answer;
}

struct exchange *http_route_request(
    const struct http_routes *routes, struct wire *w, struct mono now)
{
	struct http_request *r = http_request_new(w);
	struct frame *answer = NULL;
	struct exchange *x;
	enum eio_refusal why;

	if (!is_engine_path(routes, http_request_path(r)))
		answer = answer_page(routes, r);
	else if (!may_poll(routes, http_request_engine(r), &why))
		answer = http_refusal(r, why, false);
	x = answer ? exchange_new_take(routes->polls, w, r, &answer)
		   : polls_request(routes->polls, w, r, now);
	http_request_free(&r);
	return x;
}
