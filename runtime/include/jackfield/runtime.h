/* The runtime in C, for programs in other languages. What runtime.hpp says holds here too.
 *
 * Strings are UTF-8 and end with a NUL. A string that a function gives back belongs to the caller, who hands it to
 * jackfield_free(). No function throws. */
#ifndef JACKFIELD_RUNTIME_H
#define JACKFIELD_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include <jackfield/abi/arrow.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jackfield_runtime jackfield_runtime;

/* Results of jackfield_run(). Numbers of their own: the exit codes of the program are in docs/cli.md. */
#define JACKFIELD_DONE 0      /* the run completed */
#define JACKFIELD_FAILED 1    /* it ran and did not complete; the report says why */
#define JACKFIELD_FAULTS 2    /* nothing was run: faults in the flow, the parameters or the options */
#define JACKFIELD_NO_STATE 3  /* nothing was run: the state or a plugin cannot be opened, or the flow is being run */
#define JACKFIELD_CANCELLED 4 /* it was cancelled */

/* Takes one event as JSON text, lent for the call. From threads of the runtime, never two at once. */
typedef void (*jackfield_listener)(void *argument, const char *event_json);

/* Makes a runtime. options_json: an object with any of "plugins" (array of paths), "state" (path; absent: in memory),
 * "connections" (path), "environment", "threads", "search" (boolean); NULL: all defaults. listener may be NULL.
 * NULL if the options are wrong; *error then says why (error may be NULL). */
jackfield_runtime *jackfield_open(const char *options_json, jackfield_listener listener, void *argument, char **error);

/* Hands bounded Arrow data to the sources {"use": "memory", "name": name} of the next run; moved in. Any thread, but not
 * during a run of this runtime. */
void jackfield_give(jackfield_runtime *runtime, const char *name, struct ArrowArrayStream *stream);

/* Runs a flow file to its end on the calling thread. parameters_json: an object or NULL. *report_json gets the report,
 * or {"error": "…"} if nothing was run; may be NULL. Returns JACKFIELD_… One run at a time for one runtime. */
int jackfield_run(jackfield_runtime *runtime, const char *flow_file, const char *parameters_json, char **report_json);

/* Stops the run in progress: once, let what is open commit; twice, at once. Any thread. */
void jackfield_cancel(jackfield_runtime *runtime);

/* All faults of a flow file as a JSON array of {"file", "line", "column", "path", "message"}; "[]": it can be run. */
char *jackfield_check(jackfield_runtime *runtime, const char *flow_file, const char *parameters_json);

void jackfield_free(char *text);
void jackfield_close(jackfield_runtime *runtime);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* JACKFIELD_RUNTIME_H */
