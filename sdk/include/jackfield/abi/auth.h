/* Auth backends: a step machine. LDAP and a local table end in one step; OIDC and SAML take several. The host owns the
 * listener, cookies, cross-site protection, replay cache and clock, and seals `state` between steps; a backend never opens
 * a port. Kind "jf.auth/0". */
#ifndef JACKFIELD_ABI_AUTH_H
#define JACKFIELD_ABI_AUTH_H

#include <jackfield/abi/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jf_auth_request {
    uint32_t struct_size;
    uint32_t reserved0;
    jf_bytes state;      /* what the step before wrote; empty: first step */
    jf_str request_json; /* {"method": "form"|"redirect"|"post", "url": …, "query": {…}, "form": {…}} without secrets */
    jf_bytes password;   /* of a form; wiped by the host afterwards; empty: none */
} jf_auth_request;

typedef struct jf_auth {
    uint32_t struct_size;
    uint32_t reserved0;
    /* JF_OK        who it is: {"subject", "name", "email", "groups": […], "claims": {…}, "expires_unix": …}
     * JF_CONTINUE  one more step: {"redirect": url} or {"form": […]}; next_state (≤ 16 KiB) comes back with it
     * JF_E_UNAUTHENTICATED (no difference is shown between an unknown user and a wrong password), JF_E_UNAVAILABLE, …
     * [concurrent] */
    jf_status (*step)(void *self, const jf_call *call, const jf_auth_request *request, const jf_writer *next_state,
                      const jf_writer *reply_json);
    /* Optional: is the session still good, have its groups changed? Reply as for JF_OK above. [concurrent] */
    jf_status (*refresh)(void *self, const jf_call *call, jf_str subject, jf_bytes session, const jf_writer *reply_json);
} jf_auth;

JF_STATIC_ASSERT(sizeof(jf_auth_request) == 56 && sizeof(jf_auth) == 24, "jf_auth");

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* JACKFIELD_ABI_AUTH_H */
