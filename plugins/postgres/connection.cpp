// The connection 'postgres'.
#include "connection.hpp"

#include "quote.hpp"

#include <algorithm>
#include <cstring>

namespace jackfield::postgres {
namespace {

constexpr std::int64_t millisecond = 1'000'000;

/// The URI or the separate options: host, port, database, user go to libpq as they are.
constexpr std::pair<const char*, const char*> plain_options[] = {{"database", "dbname"}, {"user", "user"}, {"sslmode", "sslmode"},
    {"sslrootcert", "sslrootcert"}, {"sslcert", "sslcert"}, {"sslkey", "sslkey"}, {"sslcrl", "sslcrl"}, {"channel_binding", "channel_binding"},
    {"krbsrvname", "krbsrvname"}, {"service", "service"}, {"passfile", "passfile"}};

std::string join(const std::vector<std::string>& parts)
{
    std::string out;
    for (const auto& part : parts)
        out += (out.empty() ? "" : ",") + part;
    return out;
}

sdk::Options pool_options()
{
    return sdk::Options()
        .integer("size", "connections that are kept open", {.fallback = 5, .minimum = 1, .maximum = 1000})
        .integer("overflow", "connections beyond that, closed when they come back", {.fallback = 10, .minimum = 0, .maximum = 1000})
        .boolean("pre_ping", "ask a kept connection whether it lives before it is used", true)
        .duration("recycle", "close a kept connection that is older than this; '0s': never", "30m")
        .duration("wait", "how long to wait for one when all are in use", "30s");
}

PoolRules rules_of(const sdk::Config& config)
{
    PoolRules rules;
    const auto ns = [&](const char* name, std::int64_t otherwise) { return std::chrono::nanoseconds(config.duration(name, otherwise)); };
    if (config.has("/pool/size"))
        rules.size = static_cast<std::size_t>(config.integer("/pool/size"));
    if (config.has("/pool/overflow"))
        rules.overflow = static_cast<std::size_t>(config.integer("/pool/overflow"));
    if (config.has("/pool/pre_ping"))
        rules.pre_ping = config.boolean("/pool/pre_ping");
    rules.recycle = ns("/pool/recycle", 1'800'000 * millisecond);
    rules.wait = ns("/pool/wait", 30'000 * millisecond);
    return rules;
}

/// "a, b" as quoted names: search_path is a list of names, not one text with commas in it.
std::string names_in(std::string_view list)
{
    std::vector<std::string> names;
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t end = std::min(list.find(',', at), list.size());
        std::string_view name = list.substr(at, end - at);
        while (!name.empty() && name.front() == ' ')
            name.remove_prefix(1);
        while (!name.empty() && name.back() == ' ')
            name.remove_suffix(1);
        if (name.size() >= 2 && name.front() == '"' && name.back() == '"')
            name = name.substr(1, name.size() - 2);
        names.emplace_back(name);
        at = end + 1;
    }
    return quote_list(names);
}

/// The hosts of the configuration: one text with commas, or a list.
std::vector<std::string> hosts_of(const sdk::Config& config)
{
    if (config.type("host") == JF_JSON_ARRAY)
        return config.texts("host");
    return config.has("host") ? std::vector<std::string>{std::string(config.text("host"))} : std::vector<std::string>{};
}

} // namespace

sdk::Options PostgresConnection::options()
{
    return sdk::Options()
        .schema("host", "server's name or address, or the folder of its socket; a list of them is tried in order (see 'read_from')",
            R"("anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"},"minItems":1}])")
        .schema("port", "TCP port, or one for each host", R"("anyOf":[{"type":"integer","minimum":1,"maximum":65535},)"
                                                         R"({"type":"array","items":{"type":"integer","minimum":1,"maximum":65535},"minItems":1}],"default":5432)")
        .text("database", "name of the database; the user's name if not said")
        .text("user", "who to connect as")
        .secret("password", "the user's password; none for trust, peer or certificate authentication")
        .text("service", "section of the connection service file that holds the settings")
        .text("passfile", "password file in libpq's format", {.format = "path"})
        .text("sslmode", "TLS: disable, allow, prefer, require, verify-ca (the certificate is signed by sslrootcert), verify-full (and names the host)",
            {.fallback = "prefer", .one_of = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}})
        .text("sslrootcert", "certificates of the authorities that may sign the server's", {.format = "path"})
        .text("sslcert", "our own certificate, where the server wants one", {.format = "path"})
        .text("sslkey", "its private key; readable by its owner only", {.format = "path"})
        .text("sslcrl", "certificates that were revoked", {.format = "path"})
        .text("channel_binding", "SCRAM bound to the TLS channel", {.one_of = {"disable", "prefer", "require"}})
        .text("krbsrvname", "Kerberos service name")
        .text("read_from", "where sources and queries read: primary, replica (a standby where there is one), any; writes always go to the primary",
            {.fallback = "primary", .one_of = {"primary", "replica", "any"}})
        .boolean("pooler", "this is pgbouncer or the like in transaction mode: nothing is kept in a session between transactions", false)
        .text("application_name", "shown in pg_stat_activity", {.fallback = "jackfield"})
        .duration("connect_timeout", "for one host to answer", "10s")
        .duration("statement_timeout", "the server ends a statement that runs longer; '0s': never", "0s")
        .duration("lock_timeout", "the server ends a statement that waits longer for a lock; '0s': never", "0s")
        .duration("idle_timeout", "the server ends a transaction of ours that is idle for longer, so that a frozen writer blocks nobody; '0s': never", "10m")
        .duration("tcp_timeout", "a connection whose data is not acknowledged for so long is given up", "1m")
        .text("synchronous_commit", "durability of a commit as the server knows it; 'off' loses nothing here, since the position is lost with its rows and read again",
            {.one_of = {"on", "off", "local", "remote_write", "remote_apply"}})
        .group("pool", "connections shared by everything that names this one", pool_options())
        .texts_by_name("settings", "further settings of the server for each session, such as search_path or work_mem");
}

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::make(const sdk::Config& config, sdk::Host host)
{
    const auto hosts = hosts_of(config);
    if (config.type("port") == JF_JSON_ARRAY && config.length("port") != hosts.size() && config.length("port") != 1)
        return fail(JF_E_CONFIG, "there are " + std::to_string(hosts.size()) + " hosts and " + std::to_string(config.length("port"))
                + " ports; give one port, or one for each host", "port");
    if (config.has("sslcert") != config.has("sslkey"))
        return fail(JF_E_CONFIG, "a client certificate needs both 'sslcert' and 'sslkey'", config.has("sslcert") ? "sslkey" : "sslcert");
    return std::make_unique<PostgresConnection>(config, host);
}

PostgresConnection::PostgresConnection(const sdk::Config& config, sdk::Host host) : config_(config), host_(host), pooler_(config.boolean("pooler"))
{
    std::vector<std::string> ports;
    if (config.type("port") == JF_JSON_ARRAY)
        for (std::size_t i = 0; i < config.length("port"); ++i)
            ports.push_back(std::to_string(config.integer("/port/" + std::to_string(i))));
    else if (config.has("port"))
        ports.push_back(std::to_string(config.integer("port")));
    const auto hosts = hosts_of(config);
    const auto add = [&](const char* name, std::string value) { keywords_.emplace_back(name, std::move(value)); };
    if (!hosts.empty())
        add("host", join(hosts));
    if (!ports.empty())
        add("port", join(ports));
    server_ = (hosts.empty() ? "the local socket" : join(hosts)) + (ports.empty() ? "" : ":" + join(ports));
    for (const auto& [name, keyword] : plain_options)
        if (config.has(name))
            add(keyword, std::string(config.text(name)));
    add("application_name", std::string(config.text("application_name")));
    add("client_encoding", "UTF8");
    add("connect_timeout", std::to_string(std::max<std::int64_t>(2, config.duration("connect_timeout") / (1000 * millisecond))));
    add("tcp_user_timeout", std::to_string(config.duration("tcp_timeout") / millisecond));
    add("keepalives_idle", "30");
    add("keepalives_interval", "10");
    add("keepalives_count", "3");
    startup_ = timeouts("; ", pooler_ ? "SET LOCAL " : "SET ");
    const auto pool = [this](Role role) {
        return std::make_shared<Pool>([this, role](const Patience& patience) { return connect(patience, role); }, rules_of(config_));
    };
    primary_ = pool(Role::primary);
    reader_ = config.text("read_from") == "primary" ? primary_ : pool(Role::reader);
}

PostgresConnection::~PostgresConnection() = default;

/// SET statements for what the configuration says.
std::string PostgresConnection::timeouts(const char* separator, const char* form) const
{
    std::string out;
    const auto set = [&](const std::string& name, const std::string& value) {
        out += (out.empty() ? "" : separator) + std::string(form) + name + " = " + value;
    };
    for (const auto& [option, setting] : {std::pair{"statement_timeout", "statement_timeout"}, {"lock_timeout", "lock_timeout"},
             {"idle_timeout", "idle_in_transaction_session_timeout"}})
        if (const std::int64_t limit = config_.duration(option); limit > 0)
            set(setting, std::to_string(std::max<std::int64_t>(1, limit / millisecond)));
    if (config_.has("synchronous_commit"))
        set("synchronous_commit", quote_literal(config_.text("synchronous_commit")));
    for (const auto& name : config_.keys("settings")) {
        const std::string_view value = config_.text(sdk::Config::below("settings", name));
        set(quote_identifier(name), name == "search_path" ? names_in(value) : quote_literal(value));
    }
    return out;
}

Result<std::unique_ptr<Session>> PostgresConnection::connect(const Patience& patience, Role role)
{
    Session::Keywords keywords = keywords_;
    const std::string_view read_from = config_.text("read_from");
    if (role == Role::primary)
        keywords.emplace_back("target_session_attrs", "read-write");
    else if (read_from == "replica")
        keywords.emplace_back("target_session_attrs", "prefer-standby");
    struct Wipe { // the copy of the password goes as soon as libpq has its own
        Session::Keywords& keywords;
        ~Wipe()
        {
            if (!keywords.empty() && keywords.back().first == "password")
                explicit_bzero(keywords.back().second.data(), keywords.back().second.size());
        }
    } wipe{keywords};
    const auto known = host_.with_secret(patience.frame(), "/password", [&](std::string_view secret) { keywords.emplace_back("password", secret); });
    const bool none = !known && (known.error().kind == JF_E_CONFIG || (known.error().kind == JF_E_UNSUPPORTED && !config_.has("password")));
    if (!known && !none)
        return Error(known.error()).at("password");
    JF_ASSIGN(auto session, Session::connect(keywords, server_, patience));
    if (pooler_)
        session->set_local(startup_);
    else if (!startup_.empty())
        JF_TRY(session->execute(patience, startup_));
    return session;
}

Result<Lease> PostgresConnection::lend(const Patience& patience, Role role) { return (role == Role::primary ? primary_ : reader_)->lend(patience); }

void PostgresConnection::interrupt()
{
    primary_->interrupt();
    reader_->interrupt();
}

Result<std::string> PostgresConnection::check(const sdk::Call& call)
{
    JF_ASSIGN(const Lease session, lend(call, Role::reader));
    JF_ASSIGN(const Answer answer, session->run(call, "SELECT current_setting('server_version'), current_user, current_database(), "
            "CASE WHEN pg_is_in_recovery() THEN 'replica' ELSE 'primary' END, current_setting('transaction_read_only') = 'on', "
            "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"));
    const auto text = [&](int column) { return sdk::json_string(answer.text(0, column)); };
    const auto flag = [&](int column) { return answer.flag(0, column) ? "true" : "false"; };
    const char* version = PQsslInUse(session->raw()) ? PQsslAttribute(session->raw(), "protocol") : nullptr;
    return "{\"server\":" + sdk::json_string("PostgreSQL " + answer.text(0, 0)) + ",\"host\":" + sdk::json_string(server_) + ",\"user\":" + text(1)
        + ",\"database\":" + text(2) + ",\"role\":" + text(3) + ",\"read_only\":" + flag(4) + ",\"superuser\":" + flag(5)
        + ",\"tls\":" + (version ? sdk::json_string(version) : "false") + "}";
}

} // namespace jackfield::postgres
