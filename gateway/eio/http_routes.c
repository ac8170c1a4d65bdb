#include "gateway/eio/http_routes.h"

#include <string.h>

static bool is_engine_path(const struct http_routes *routes, struct str path)
{
	struct str ours = routes->path;

	return str_has_prefix(path, ours) && (path.len == ours.len || path.p[ours.len] == '/');
}

/* The demo page is of this server itself. Without it the list says it all. */
static bool is_own_page(const struct http_routes *routes, const struct eio_request *r)
{
	struct str origin = r->origin;

	if (!routes->has_files || !r->host.len ||
	    (!str_has_prefix(origin, STR("http://")) && !str_has_prefix(origin, STR("https://"))))
		return false;

	const char *host = (const char *)memmem(origin.p, origin.len, "//", 2) + 2;

	return str_eq((struct str){host, origin.len - (size_t)(host - origin.p)}, r->host);
}

/* The request, judged by its Origin. */
static struct eio_request look_at(const struct http_routes *routes, const struct http_request *r)
{
	struct eio_request request = *http_request_engine(r);

	request.is_foreign =
	    !origins_admit(routes->origins, request.origin) && !is_own_page(routes, &request);
	return request;
}

/* What every answer under the path of Engine.IO carries. */
static void set_cors(const struct http_routes *routes, struct http_request *r)
{
	if (routes->origins && is_engine_path(routes, http_request_path(r)))
		http_request_set_cors(
		    r, origins_headers(routes->origins, http_request_engine(r)->origin));
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

/* Who wants a session gets one if there is room for it, and not one after the other. */
static bool may_open(const struct http_routes *routes, const struct http_request *r,
    enum eio_sid sid, enum eio_refusal *ret_why)
{
	const struct ip *address = http_request_address(r);

	*ret_why = EIO_REFUSAL_UNAVAILABLE;
	if (sid != EIO_SID_NONE)
		return true;
	if (eio_family_open_count(routes->family) >= routes->sessions_max)
		return false;
	if (address && !doorman_admit(routes->doorman, address)) {
		*ret_why = EIO_REFUSAL_TOO_MANY;
		return false;
	}
	return routes->events->may_open(routes->up);
}

static enum eio_sid sid_of(const struct http_routes *routes, const struct eio_request *request)
{
	return polls_sid(routes->polls, request->sid, eio_request_revision(request));
}

static bool may_upgrade(const struct http_routes *routes, const struct http_request *r,
    const struct eio_request *request, enum eio_refusal *ret_why)
{
	enum eio_sid sid = sid_of(routes, request);

	return eio_request_may_upgrade(request, routes->oldest, sid, ret_why) &&
	       may_open(routes, r, sid, ret_why);
}

static bool may_poll(const struct http_routes *routes, const struct http_request *r,
    const struct eio_request *request, enum eio_refusal *ret_why)
{
	enum eio_sid sid = sid_of(routes, request);

	return eio_request_may_poll(request, routes->oldest, sid, ret_why) &&
	       may_open(routes, r, sid, ret_why);
}

bool http_route_upgrade(const struct http_routes *routes, struct wire *w)
{
	struct http_request *r = http_request_new(w, routes->proxies);
	struct eio_request request = look_at(routes, r);
	struct frame *answer = NULL;
	enum eio_refusal why;
	/* An upgrade that libwebsockets does not know it has answered already and forgotten, and
	 * still asks, with a stale pointer: go by what can be read now. */
	bool goes_on = request.upgrade.len > 0;

	if (goes_on && !is_engine_path(routes, http_request_path(r)))
		answer = answer_text(r, 404, true);
	else if (goes_on && !may_upgrade(routes, r, &request, &why))
		answer = http_refusal(r, why, true);
	if (answer) {
		(void)http_write_take(w, &answer);
		goes_on = false;
	}
	http_request_free(&r);
	return goes_on;
}

const char *http_route_upgrade_headers(const struct http_routes *routes, struct wire *w)
{
	struct http_request *r;
	const char *headers;

	if (!routes->origins)
		return NULL;
	r = http_request_new(w, routes->proxies);
	set_cors(routes, r);
	headers = http_request_engine(r)->upgrade.len ? http_request_cors(r) : NULL;
	http_request_free(&r);
	return headers;
}

/* Files take no body, and libwebsockets, who serves them, cannot be trusted to skip one. */
static bool is_body_for_file(const struct http_routes *routes, const struct http_request *r)
{
	return routes->has_files && http_request_body_bytes(r) &&
	       !is_engine_path(routes, http_request_path(r));
}

bool http_route_plain(const struct http_routes *routes, struct wire *w)
{
	struct http_request *r = http_request_new(w, routes->proxies);
	unsigned status = eio_request_bad_http(http_request_engine(r));

	set_cors(routes, r);
	if (!status)
		status = http_request_bad_body(r);
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

static struct frame *answer_preflight(
    const struct http_routes *routes, const struct http_request *r)
{
	struct buf headers = {0};

	origins_put_preflight(routes->origins, http_request_engine(r)->origin,
	    http_request_asked_headers(r), &headers);
	buf_putc(&headers, '\0');

	struct frame *answer =
	    http_answer(r, &(struct http_answer){.status = 204, .cors = buf_str(&headers).p});

	buf_free(&headers);
	return answer;
}

/* The client library's, under the path; NULL = it is something else. */
static const struct client_file *find_file(
    const struct http_routes *routes, const struct http_request *r)
{
	struct str path = http_request_path(r), method = http_request_engine(r)->method;
	size_t before = routes->path.len + 1;

	if (path.len < before || !(str_eqz(method, "GET") || str_eqz(method, "HEAD")))
		return NULL;
	return client_files_find(
	    routes->client_files, (struct str){path.p + before, path.len - before});
}

static struct frame *answer_file(const struct client_file *f, const struct http_request *r)
{
	struct http_answer a = {.status = 200,
	    .content_type = f->type,
	    .cache = "public, max-age=0",
	    .headers = f->headers,
	    .body = f->bytes};

	if (client_file_is_known(f, http_request_known_etag(r)))
		a = (struct http_answer){.status = 304};
	return http_answer(r, &a);
}

/* To a request under the path of Engine.IO; NULL = it is polling's. */
static struct frame *answer_engine(const struct http_routes *routes, const struct http_request *r)
{
	struct eio_request request = look_at(routes, r);
	enum eio_refusal why;

	const struct client_file *file = find_file(routes, r);

	if (file)
		return answer_file(file, r);
	if (routes->origins && str_eqz(request.method, "OPTIONS"))
		return answer_preflight(routes, r);
	return may_poll(routes, r, &request, &why) ? NULL : http_refusal(r, why, false);
}

struct exchange *http_route_request(
    const struct http_routes *routes, struct wire *w, struct mono now)
{
	struct http_request *r = http_request_new(w, routes->proxies);
	struct frame *answer;
	struct exchange *x;

	set_cors(routes, r);
	answer = is_engine_path(routes, http_request_path(r)) ? answer_engine(routes, r)
							      : answer_page(routes, r);
	x = answer ? exchange_new_take(routes->polls, w, r, &answer)
		   : polls_request(routes->polls, w, r, now);
	http_request_free(&r);
	return x;
}
