/* Configuration files of a gateway: taken or refused, and nothing is left either way. */
#include "tests/fuzz/fuzz.h"

#include "gateway/config.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("config", 0);
	char program[] = "fuzz", option[] = "--config";
	char *argv[] = {program, option, path, NULL};
	struct config config;

	assert(fd >= 0);
	assert(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (conf_load(&config_spec, 3, argv, &config) == CONF_RUN) {
		assert(config.port >= 1 && config.port <= 65535);
		assert(config.namespace_count > 0);
		conf_free(&config_spec, &config);
	}
	close(fd);
	return 0;
}
