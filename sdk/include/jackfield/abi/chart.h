/* Chart renderers: (specification, table, media type) → bytes. Kind "jf.chart/0".
 * A renderer opens no network connection and reads no clock, so that the host may keep its output by digest. */
#ifndef JACKFIELD_ABI_CHART_H
#define JACKFIELD_ABI_CHART_H

#include <jackfield/abi/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One chart of a page. */
typedef struct jf_figure {
    uint32_t struct_size;
    uint32_t reserved0;
    jf_str spec_json;              /* as spec_schema() says */
    struct ArrowArrayStream *data; /* moved in, whatever is returned */
} jf_figure;

typedef struct jf_chart {
    uint32_t struct_size;
    uint32_t reserved0;
    /* JSON array of media types that render() can make, the preferred one first. [any] */
    jf_status (*media_types)(void *self, const jf_call *call, const jf_writer *json);
    /* JSON Schema of a figure's specification. [any] */
    jf_status (*spec_schema)(void *self, const jf_call *call, const jf_writer *json);
    /* page_json: {"title": "…", "subtitle": "…", "columns": 2, …} or empty for a bare figure. Several figures make one
     * page where the media type can hold it (JF_E_UNSUPPORTED where not). [concurrent] */
    jf_status (*render)(void *self, const jf_call *call, jf_str page_json, uint64_t figure_count,
                        const jf_figure *const *figures, jf_str media_type, const jf_writer *out);
} jf_chart;

JF_STATIC_ASSERT(sizeof(jf_figure) == 32 && sizeof(jf_chart) == 32, "jf_chart");

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* JACKFIELD_ABI_CHART_H */
