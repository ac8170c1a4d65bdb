#include "common/conf_priv.h"

#include <stdlib.h>
#include <string.h>

size_t conf_group_count(const struct conf_group *g, const char *config)
{
	size_t count;

	memcpy(&count, config + g->count_offset, sizeof(count));
	return count;
}

static char *elements(const struct conf_group *g, const char *config)
{
	char *first;

	/* The config struct's pointer has the type of its elements, which we do not know. */
	memcpy(&first, config + g->elements_offset, sizeof(first));
	return first;
}

char *conf_group_at(const struct conf_group *g, const char *config, size_t n)
{
	return elements(g, config) + n * g->element_size;
}

const char *conf_group_name(const char *element)
{
	const char *name;

	memcpy(&name, element, sizeof(name));
	return name;
}

char *conf_group_add(const struct conf_group *g, char *config, struct str name)
{
	size_t count = conf_group_count(g, config);
	char *first = xrealloc(elements(g, config), (count + 1) * g->element_size);
	char *element = first + count * g->element_size;
	char *own_name = str_dup(name);

	memset(element, 0, g->element_size);
	memcpy(element, &own_name, sizeof(own_name));
	conf_values_default(g->options, g->option_count, element);
	count++;
	memcpy(config + g->elements_offset, &first, sizeof(first));
	memcpy(config + g->count_offset, &count, sizeof(count));
	return element;
}

static bool element_differs(const struct conf_group *g, const char *one, const char *two)
{
	if (strcmp(conf_group_name(one), conf_group_name(two)) != 0)
		return true;
	for (size_t i = 0; i < g->option_count; i++) {
		if (conf_value_differs(&g->options[i], one, two))
			return true;
	}
	return false;
}

bool conf_group_differs(const struct conf_group *g, const char *config, const char *other)
{
	size_t count = conf_group_count(g, config);

	if (conf_group_count(g, other) != count)
		return true;
	for (size_t i = 0; i < count; i++) {
		if (element_differs(g, conf_group_at(g, config, i), conf_group_at(g, other, i)))
			return true;
	}
	return false;
}

void conf_group_free(const struct conf_group *g, char *config)
{
	for (size_t i = 0; i < conf_group_count(g, config); i++) {
		char *name, *element = conf_group_at(g, config, i);

		memcpy(&name, element, sizeof(name));
		free(name);
		conf_values_free(g->options, g->option_count, element);
	}
	free(elements(g, config));
}
