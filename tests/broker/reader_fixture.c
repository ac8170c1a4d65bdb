#include "tests/broker/reader_fixture.h"

#include "tests/check.h"

struct reader *fixture_open_reader(struct fixture *f)
{
	struct reader *r = NULL;

	assert_int_equal(reader_open(f->path, f->why, sizeof(f->why), &r), ERR_OK);
	return r;
}
