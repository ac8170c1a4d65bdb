#include "tests/common/conf_complaints.h"

#include "tests/common/conf_example.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { SAID_BYTES = 16384 };

static char said[SAID_BYTES];

void conf_complain(struct conf_load *load, const char *format, ...)
{
	size_t len = strlen(said);
	va_list args;

	va_start(args, format);
	vsnprintf(said + len, sizeof(said) - 1 - len, format, args);
	va_end(args);
	strcat(said, "\n");
	load->errors++;
}

const char *complaints(void)
{
	static char last[SAID_BYTES];

	memcpy(last, said, sizeof(last));
	said[0] = '\0';
	return last;
}

struct conf_load example_load(void)
{
	struct conf_load load = {
	    .spec = &example_spec,
	    .config = xcalloc(1, sizeof(struct example)),
	};

	conf_values_default(example_options, EXAMPLE_OPTIONS, load.config);
	return load;
}

void example_load_end(struct conf_load *load)
{
	conf_values_free(example_options, EXAMPLE_OPTIONS, load->config);
	conf_group_free(&example_group, load->config);
	free(load->config);
}
