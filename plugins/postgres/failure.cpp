// SQLSTATEs and libpq's own sentences.
#include "failure.hpp"

#include <array>
#include <cctype>
#include <cstring>
#include <utility>

namespace jackfield::postgres {
namespace {

/// Of the longest prefix that is listed.
constexpr std::array<std::pair<std::string_view, jf_status>, 48> kinds{{
    {"08", JF_E_UNAVAILABLE}, // connection
    {"0A", JF_E_UNSUPPORTED},
    {"22", JF_E_DATA},
    {"23", JF_E_DATA},        // constraints
    {"25006", JF_E_DENIED},   // read-only transaction
    {"25P02", JF_E_STATE},    // a failed transaction was used again
    {"25P03", JF_E_UNAVAILABLE}, // idle in transaction for too long
    {"28", JF_E_UNAUTHENTICATED},
    {"3D000", JF_E_NOT_FOUND}, // database
    {"3F000", JF_E_NOT_FOUND}, // schema
    {"40", JF_E_UNAVAILABLE},  // deadlock, serialization
    {"40002", JF_E_DATA},      // integrity constraint at commit
    {"42", JF_E_CONFIG},
    {"42501", JF_E_DENIED},
    {"42704", JF_E_NOT_FOUND}, // object
    {"42883", JF_E_NOT_FOUND}, // function
    {"42P01", JF_E_NOT_FOUND}, // table
    {"42703", JF_E_NOT_FOUND}, // column
    {"42P07", JF_E_CONFIG},    // there already
    {"44", JF_E_DATA},         // WITH CHECK OPTION
    {"53", JF_E_EXHAUSTED},    // memory, disk
    {"53300", JF_E_UNAVAILABLE}, // too many connections
    {"54", JF_E_CONFIG},       // limits of the program
    {"54000", JF_E_DATA},      // a value longer than an index takes
    {"55000", JF_E_CONFIG},
    {"55006", JF_E_UNAVAILABLE}, // in use
    {"55P03", JF_E_UNAVAILABLE}, // lock_timeout
    {"57014", JF_E_CANCELLED},
    {"57P01", JF_E_UNAVAILABLE}, // terminated by administrator
    {"57P02", JF_E_UNAVAILABLE}, // crash of another backend
    {"57P03", JF_E_UNAVAILABLE}, // starting up
    {"57P04", JF_E_NOT_FOUND},   // database dropped
    {"57P05", JF_E_UNAVAILABLE}, // idle session
    {"58", JF_E_UNAVAILABLE},    // the server's own input and output
    {"F0", JF_E_UNAVAILABLE},    // its configuration file
    {"HV", JF_E_UNAVAILABLE},    // a foreign server
    {"P0001", JF_E_DATA},        // RAISE EXCEPTION of a trigger or a check
    {"P0", JF_E_DATA},
    {"72000", JF_E_UNAVAILABLE}, // snapshot too old
    {"2B", JF_E_CONFIG},         // dependent objects
    {"21", JF_E_CONFIG},         // cardinality: one row twice in ON CONFLICT
    {"26", JF_E_UNAVAILABLE},    // a prepared statement that a pooler lost
    {"34", JF_E_STATE},          // cursor
    {"3B", JF_E_STATE},          // savepoint
    {"25", JF_E_STATE},
    {"2D", JF_E_STATE},
    {"38", JF_E_DATA},           // routine of a user
    {"39", JF_E_DATA},
}};

std::string_view field(const PGresult* result, int code)
{
    const char* text = PQresultErrorField(result, code);
    return text ? text : "";
}

/// libpq ends its sentences with a line feed and may say several.
std::string one_line(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        const char kept = c == '\n' || c == '\t' ? ' ' : c;
        if (kept != ' ' || (!out.empty() && out.back() != ' '))
            out += kept;
    }
    while (!out.empty() && out.back() == ' ')
        out.pop_back();
    return out;
}

/// The SQLSTATE in "FATAL:  28P01: password authentication failed", as libpq writes it at PQERRORS_VERBOSE.
std::string_view state_in(std::string_view message)
{
    for (std::size_t at = message.find(":  "); at != std::string_view::npos; at = message.find(":  ", at + 1)) {
        const std::string_view rest = message.substr(at + 3);
        if (rest.size() < 7 || rest[5] != ':')
            continue;
        bool right = true;
        for (const char c : rest.substr(0, 5))
            right = right && (std::isdigit(static_cast<unsigned char>(c)) || std::isupper(static_cast<unsigned char>(c)));
        if (right)
            return rest.substr(0, 5);
    }
    return {};
}

bool says(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

jf_status kind_of_refusal(std::string_view state, std::string_view text)
{
    if (says(text, "no pg_hba.conf entry") || says(text, "pg_hba.conf rejects"))
        return JF_E_DENIED;
    if (!state.empty())
        return kind_of(state);
    // libpq's own sentences, which carry no code.
    for (const char* part : {"certificate", "SSL was required", "sslmode", "does not support SSL", "private key", "invalid port number",
             "invalid connection option", "root.crt"})
        if (says(text, part))
            return JF_E_CONFIG;
    if (says(text, "no password supplied") || says(text, "password authentication failed"))
        return JF_E_UNAUTHENTICATED;
    return JF_E_UNAVAILABLE;
}

const char* remedy_of(jf_status kind)
{
    switch (kind) {
    case JF_E_UNAUTHENTICATED: return "; check 'user', 'password' and the client certificate of the connection";
    case JF_E_DENIED: return "; the server's pg_hba.conf does not let this user in from here, or not that way (see 'sslmode')";
    case JF_E_NOT_FOUND: return "; check 'database' of the connection";
    case JF_E_CONFIG: return "; check 'sslmode', 'sslrootcert', 'sslcert' and 'sslkey' of the connection";
    default: return "";
    }
}

} // namespace

jf_status kind_of(std::string_view sqlstate)
{
    jf_status kind = JF_E_FAILED;
    std::size_t longest = 0;
    for (const auto& [prefix, listed] : kinds)
        if (prefix.size() > longest && sqlstate.starts_with(prefix)) {
            kind = listed;
            longest = prefix.size();
        }
    return kind;
}

Error failure_of(const PGresult* result, std::string_view server)
{
    const std::string_view state = field(result, PG_DIAG_SQLSTATE);
    const std::string_view primary = field(result, PG_DIAG_MESSAGE_PRIMARY);
    Error out;
    if (primary.empty()) { // made by libpq itself: the connection broke
        out = fail(JF_E_UNAVAILABLE, "the connection to " + std::string(server) + " was lost: " + one_line(PQresultErrorMessage(result)));
        out.code = "08006";
        return out;
    }
    out.kind = kind_of(state);
    if (state == "57014" && says(primary, "timeout"))
        out.kind = JF_E_TIMEOUT;
    out.message = one_line(primary);
    if (const auto detail = field(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty())
        out.message += ": " + one_line(detail);
    if (const auto hint = field(result, PG_DIAG_MESSAGE_HINT); !hint.empty())
        out.message += " (" + one_line(hint) + ")";
    out.code = state;
    return out;
}

Error failure_of(const PGconn* connection, std::string_view server)
{
    const std::string_view raw = connection ? PQerrorMessage(connection) : "out of memory";
    const std::string_view state = state_in(raw);
    std::string text = one_line(raw);
    if (const auto place = text.find(" LOCATION: "); place != std::string::npos) // of the server's source code
        text.resize(place);
    if (!state.empty())
        if (const auto at = text.find(std::string(state) + ": "); at != std::string::npos)
            text.erase(at, 7);
    Error out = fail(kind_of_refusal(state, text), "cannot connect to " + std::string(server) + ": " + text);
    out.message += remedy_of(out.kind);
    out.code = state;
    return out;
}

} // namespace jackfield::postgres
