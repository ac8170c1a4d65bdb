#include "gateway/eio/revision.h"

#include "gateway/eio/payload3.h"

#include <assert.h>

static const struct eio_revision_row rows[] = {
    [EIO_REVISION_4] =
	{
	    .parse = eio_packet_parse,
	    .next = payload_next,
	    .put = payload_put,
	    .put_control = payload_put_control,
	    .binary = EIO_FORM_BINARY,
	    .binary_as_text = EIO_FORM_BINARY,
	},
    [EIO_REVISION_3] =
	{
	    .parse = eio_packet_parse3,
	    .next = payload3_next,
	    .put = payload3_put,
	    .put_control = payload3_put_control,
	    .binary = EIO_FORM_TYPED,
	    .binary_as_text = EIO_FORM_BASE64,
	    .has_binary_bodies = true,
	    .client_pings = true,
	},
};

const struct eio_revision_row *eio_revision_row(enum eio_revision revision)
{
	assert((size_t)revision < ARRAY_LEN(rows));
	return &rows[revision];
}
