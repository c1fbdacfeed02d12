// The options of connection, source and sink 'http': declared once, read into values.
#pragma once

#include "support/decode/encode.hpp"
#include "support/decode/options.hpp"

#include "url.hpp"

#include <jackfield/sdk/config.hpp>
#include <jackfield/sdk/options.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace jackfield::http {

using Pairs = std::vector<std::pair<std::string, std::string>>;

enum class AuthKind : std::uint8_t { none, basic, bearer, header, oauth2 };

/// Who asks; the secrets stay with the host. Value.
struct AuthSettings {
    AuthKind kind = AuthKind::none;
    std::string user;      ///< basic
    std::string header;    ///< header: its name
    Url token_url;         ///< oauth2
    std::string client_id, scope, audience;
    bool in_body = false;  ///< oauth2: client id and secret as form fields, not as basic authentication
};

/// Everything about a server. Value.
struct ServerSettings {
    Url url;
    Pairs headers;
    AuthSettings auth;
    std::string ca, certificate, key; ///< paths; empty: the system's CAs, no client certificate
    bool locked_key = false;          ///< the key has a password
    std::vector<std::string> hosts;   ///< others that redirects and next addresses may lead to, in lower case
    std::string proxy;                ///< empty: as the environment says
    int redirects = 5, retries = 4;
    double per_second = 0; ///< requests; 0: no limit
    std::int64_t max_wait_ns = 0, timeout_ns = 0, connect_timeout_ns = 0;
    std::size_t max_body = 0;
    int max_depth = 0;
};

enum class Paging : std::uint8_t { none, page, offset, cursor, link, next };

/// How one page leads to the next. Value.
struct PagingSettings {
    Paging by = Paging::none;
    std::string parameter;      ///< page, offset, cursor
    std::string path;           ///< cursor, next: where the body names the next one
    std::string more;           ///< where the body says whether there are more; empty: nowhere
    std::string size_parameter; ///< empty: not sent
    std::int64_t size = 0, start = 0;
    bool short_ends = false; ///< a page with fewer than `size` records is the last
    bool stable = false;     ///< a page holds the same rows whenever it is asked for
    std::int64_t most = 0;   ///< pages
};

enum class Spelling : std::uint8_t { iso, unix_s, unix_ms };

/// The cursor. Value.
struct CursorSettings {
    std::string field; ///< empty: there is none
    std::string parameter, start;
    bool ordered = false;   ///< rows come in the order of the field
    bool exclusive = false; ///< the server leaves out rows that equal the parameter
    Spelling spelling = Spelling::iso;
};

/// What a source reads. Value.
struct SourceSettings : files::TextSettings {
    std::string path;
    Pairs query, headers;
    files::Format format = files::Format::json;
    files::Compression compression = files::Compression::none;
    std::string records; ///< path in the body
    bool flatten = false;
    std::string separator = "_";
    bool conditional = false;
    PagingSettings paging;
    CursorSettings cursor;

    /// Whether a position leads back to exactly the rows after it.
    [[nodiscard]] bool can_replay() const { return cursor.ordered || paging.stable || (conditional && paging.by == Paging::none && cursor.field.empty()); }
    [[nodiscard]] bool incremental() const { return !cursor.field.empty() || conditional; }
};

enum class Receiver : std::uint8_t { plain, key, rows };

/// How the rows of a request stand in its body: an array, a row a line, one row as it is.
enum class Layout : std::uint8_t { array, lines, object };

/// What a sink sends. Value.
struct SinkSettings {
    std::string path, method = "POST", envelope, key_header;
    Pairs query, headers;
    Layout layout = Layout::array;
    bool reject = false;
    Receiver receiver = Receiver::plain;
    std::uint64_t rows = 1000;
    std::size_t max_request = 0, max_epoch = 0;
};

/// Names and texts of an option with names of the user's own; those of "headers" as they may stand on a line.
[[nodiscard]] Result<Pairs> read_pairs(const sdk::Config& config, const char* name);
/// JF_E_CONFIG at `place` if this can be no line of a request.
[[nodiscard]] Status check_header(std::string_view name, std::string_view value, const std::string& place);

[[nodiscard]] sdk::Options server_options();
/// These fail with JF_E_CONFIG and the option at fault.
[[nodiscard]] Result<ServerSettings> read_server(const sdk::Config& config);
/// Where a component asks, for sentences: `path` below the connection's url, whose own faults are for it to tell.
[[nodiscard]] std::string address_of(const std::string& path, const sdk::Config* connection);
[[nodiscard]] sdk::Options source_options();
[[nodiscard]] Result<SourceSettings> read_source(const sdk::Config& config);
[[nodiscard]] sdk::Options sink_options();
[[nodiscard]] Result<SinkSettings> read_sink(const sdk::Config& config);

} // namespace jackfield::http
