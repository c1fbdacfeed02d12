/* One minimal plugin with one lie; which one, the build says with JACKFIELD_BAD_…. Without any it is a good plugin. */
#define _DEFAULT_SOURCE
#include "minimal.h"

#include <unistd.h>

#ifndef PLUGIN_ID
#define PLUGIN_ID "minimal"
#endif

static const jf_source source = {
#ifdef JACKFIELD_BAD_SMALL_TABLE
    .struct_size = 3,
#else
    .struct_size = sizeof source,
#endif
    .open = minimal_open,
    .schema = minimal_schema,
#ifndef JACKFIELD_BAD_MISSING_FUNCTION
    .next = minimal_next,
#endif
    .close = minimal_close,
};

static const jf_factory factory = {
    .struct_size = sizeof factory,
#ifdef JACKFIELD_BAD_UNKNOWN_KIND
    .kind = "jf.teleport/0",
#else
    .kind = JF_KIND_SOURCE,
#endif
#ifdef JACKFIELD_BAD_ID
    .id = "no spaces\nplease",
#elif defined(JACKFIELD_BAD_UTF8)
    .id = "caf\xe9",
#else
    .id = PLUGIN_ID,
#endif
    .version = "1",
    .title = "Three numbers",
#ifdef JACKFIELD_BAD_SCHEMA
    .config_schema = "{\"type\": ",
#elif defined(JACKFIELD_BAD_SCHEMA_TYPE)
    .config_schema = "[1, 2]",
#else
    .config_schema = MINIMAL_SCHEMA,
#endif
#ifndef JACKFIELD_BAD_NULL_TABLE
    .table = &source,
#endif
    .describe = minimal_describe,
#ifndef JACKFIELD_BAD_NO_CREATE
    .create = minimal_create,
#endif
    .destroy = minimal_destroy,
};

static const jf_factory *const factories[] = {
    &factory,
#ifdef JACKFIELD_BAD_NULL_FACTORY
    NULL,
#endif
};

static const jf_plugin plugin = {
#ifdef JACKFIELD_BAD_SMALL_STRUCT
    .struct_size = 8,
#elif defined(JACKFIELD_BAD_HUGE_STRUCT)
    .struct_size = 0x7fffffff,
#else
    .struct_size = sizeof plugin,
#endif
#ifndef JACKFIELD_BAD_NULL_NAME
    .name = PLUGIN_ID,
#endif
    .version = "1.0.0",
    .vendor = "tests",
    .license = "Apache-2.0",
#ifdef JACKFIELD_BAD_COUNT
    .factory_count = UINT64_C(1) << 60,
#else
    .factory_count = sizeof factories / sizeof *factories,
#endif
#ifdef JACKFIELD_BAD_POINTER
    .factories = (const jf_factory *const *)(uintptr_t)16,
#else
    .factories = factories,
#endif
};

#ifdef JACKFIELD_BAD_UNRESOLVED
extern int jackfield_tests_nobody_defines_this(void);
#endif

JF_EXPORT const jf_plugin *JF_PLUGIN_ENTRY(const jf_host *host, const jf_call *call)
{
    (void)host, (void)call;
#ifdef JACKFIELD_BAD_UNRESOLVED
    if (jackfield_tests_nobody_defines_this())
        return NULL;
#endif
#ifdef JACKFIELD_BAD_CRASH
    *(volatile int *)host->host_data = 1; /* NULL here */
#endif
#ifdef JACKFIELD_BAD_HANG
    for (;;)
        pause();
#endif
#ifdef JACKFIELD_BAD_EXIT
    _exit(0);
#endif
#ifdef JACKFIELD_BAD_REFUSES
    jf_error error = {.struct_size = sizeof error, .kind = JF_E_UNSUPPORTED, .message = {"needs a warmer machine", 22}};
    call->fail(call, &error);
    return NULL;
#endif
    return &plugin;
}
