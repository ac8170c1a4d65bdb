#include "gateway/eio/http_routes.h"

static bool is_engine_path(const struct http_routes *routes, struct str path)
{
	struct str ours = routes->path;

	return str_has_prefix(path, ours) && (path.len == ours.len || path.p[ours.len] == '/');
}

static bool send_text(struct wire *w, const struct http_request *r, unsigned status, bool is_last)
{
	struct http_answer a = {
	    .status = status,
	    .content_type = "text/plain; charset=UTF-8",
	    .body = status == 404 ? STR("Not Found\n") : STR("Bad Request\n"),
	    .is_last = is_last,
	};

	return http_send(w, r, &a);
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
	bool goes_on = false;
	enum eio_refusal why;

	/* An upgrade that libwebsockets does not know it has answered already and forgotten, and
	 * still asks, with a stale pointer: go by what can be read now. */
	if (!request->upgrade.len)
		goto out;
	if (!is_engine_path(routes, http_request_path(r)))
		send_text(w, r, 404, true);
	else if (!may_upgrade(routes, request, &why))
		http_send_refusal(w, r, why, true);
	else
		goes_on = true;
out:
	http_request_free(&r);
	return goes_on;
}

bool http_route_plain(struct wire *w)
{
	struct http_request *r = http_request_new(w);
	unsigned status = http_request_bad_body(r);

	if (status)
		send_text(w, r, status, true);
	http_request_free(&r);
	return !status;
}

static bool send_page(
    const struct http_routes *routes, struct wire *w, const struct http_request *r)
{
	struct buf body = {0};
	struct eio_page page = {.status = 200, .content_type = "text/plain", .body = &body};
	struct str method = http_request_engine(r)->method;
	bool is_sent;

	if ((str_eqz(method, "GET") || str_eqz(method, "HEAD")) &&
	    routes->events->on_page(routes->up, http_request_path(r), &page)) {
		struct http_answer a = {
		    .status = page.status,
		    .content_type = page.content_type,
		    .body = buf_str(&body),
		};

		is_sent = http_send(w, r, &a);
	} else {
		is_sent = send_text(w, r, 404, false);
	}
	buf_free(&body);
	return is_sent;
}

static enum http_fate fate(bool is_sent)
{
	return is_sent ? HTTP_ANSWERED : HTTP_BROKEN;
}

enum http_fate http_route_request(
    const struct http_routes *routes, struct wire *w, struct mono now, struct exchange **ret)
{
	struct http_request *r = http_request_new(w);
	enum eio_refusal why;
	enum http_fate what;

	if (!is_engine_path(routes, http_request_path(r)))
		what = fate(send_page(routes, w, r));
	else if (!may_poll(routes, http_request_engine(r), &why))
		what = fate(http_send_refusal(w, r, why, false));
	else
		what = polls_request(routes->polls, w, r, now, ret);
	http_request_free(&r);
	return what;
}
