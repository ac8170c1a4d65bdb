#include "common/reload.h"

#include "common/log.h"

static void on_fault(void *up, const char *why)
{
	(void)up;
	log_warn("config.kept", LOG_Z(REASON, why),
	    LOG_Z(HINT, "the old configuration stays; mend it and send SIGHUP again"));
}

static void on_changed(void *up, const char *name)
{
	(void)up;
	log_notice("config.changed", LOG_Z(OPTION, name));
}

static void on_kept(void *up, const char *name)
{
	(void)up;
	log_warn("config.restart", LOG_Z(OPTION, name),
	    LOG_Z(HINT, "it is another one in the configuration and needs a restart"));
}

enum err reload_config(const struct conf_spec *spec, const struct conf_source *from, void *config)
{
	static const struct conf_news news = {on_fault, on_changed, on_kept};
	enum err e = conf_reload(spec, from, config, &news, NULL);

	if (!e)
		log_notice("config.read");
	return e;
}
