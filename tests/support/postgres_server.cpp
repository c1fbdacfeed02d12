// Drives the scripts in tests/support/servers.
#include "postgres_server.hpp"

#include <libpq-fe.h>

#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace jackfield::test {
namespace {

/// A word as the shell takes it.
std::string quoted(const std::string& word)
{
    std::string out = "'";
    for (const char c : word)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

/// Runs the script; what it wrote, errors too.
std::string run_script(const std::string& arguments)
{
    const std::string line = "python3 " + quoted(JACKFIELD_SERVERS "/postgres.py") + " " + arguments + " 2>&1";
    FILE* pipe = ::popen(line.c_str(), "re");
    if (!pipe)
        throw std::runtime_error("cannot start " + line);
    std::string out;
    char part[4096];
    for (std::size_t size; (size = std::fread(part, 1, sizeof part, pipe)) > 0;)
        out.append(part, size);
    if (::pclose(pipe) != 0)
        throw std::runtime_error(line + ": " + out);
    return out;
}

std::string start_arguments(const PostgresServer::Start& options)
{
    std::string out = " --owner " + std::to_string(::getpid());
    if (options.replica)
        out += " --replica";
    if (options.bouncer)
        out += " --bouncer";
    if (options.durable)
        out += " --durable";
    for (const std::string& setting : options.settings)
        out += " --set " + quoted(setting);
    return out;
}

/// Lines KEY=VALUE; the folders that the script makes need no quotes.
std::map<std::string, std::string> parse_env(const std::string& text)
{
    std::map<std::string, std::string> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (const auto mark = line.find('='); mark != std::string::npos)
            out[line.substr(0, mark)] = line.substr(mark + 1);
    return out;
}

std::string as_text(const PGresult* result)
{
    std::string out;
    for (int row = 0; row < PQntuples(result); ++row) {
        out += row ? "\n" : "";
        for (int column = 0; column < PQnfields(result); ++column) {
            out += column ? "|" : "";
            out += PQgetisnull(result, row, column) ? "NULL" : PQgetvalue(result, row, column);
        }
    }
    return out;
}

} // namespace

PostgresServer::PostgresServer(const Start& options) : env_(parse_env(run_script("start new" + start_arguments(options)))) {}

PostgresServer::~PostgresServer()
{
    try {
        run_script("stop " + quoted(env("JF_PG_DIR")));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what()); // the script's watcher ends the server with this process
    }
}

const std::string& PostgresServer::env(const std::string& name) const
{
    const auto at = env_.find(name);
    if (at == env_.end())
        throw std::runtime_error("the server was started without what gives it " + name);
    return at->second;
}

std::string PostgresServer::query(int port, const std::string& database, const std::string& text) const
{
    const std::string to = "host=" + env("JF_PG_SOCKET_DIR") + " port=" + std::to_string(port) + " user=" + user()
        + " dbname=" + (database.empty() ? this->database() : database) + " application_name=test options='-c client_min_messages=warning'";
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(to.c_str()), &PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK)
        throw std::runtime_error(PQerrorMessage(connection.get()));
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), text.c_str()), &PQclear);
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
        throw std::runtime_error(PQerrorMessage(connection.get()));
    return as_text(result.get());
}

std::string PostgresServer::sql(const std::string& text, const std::string& database) const
{
    return query(port(), database, text);
}

std::string PostgresServer::replica_sql(const std::string& text, const std::string& database) const
{
    return query(replica_port(), database, text);
}

void PostgresServer::command(std::string_view word, std::string_view part)
{
    run_script(std::string(word) + " " + quoted(env("JF_PG_DIR")) + " " + std::string(part));
}

void PostgresServer::add(const Start& options)
{
    env_ = parse_env(run_script("start " + quoted(env("JF_PG_DIR")) + start_arguments(options)));
}

PostgresServer& postgres()
{
    static PostgresServer server;
    return server;
}

FreshDatabase::FreshDatabase(PostgresServer& server) : server_(server)
{
    static std::atomic<int> number{0};
    name_ = "case_" + std::to_string(++number);
    server_.sql("CREATE DATABASE " + name_ + " TEMPLATE template0 STRATEGY file_copy");
}

FreshDatabase::~FreshDatabase()
{
    try {
        server_.sql("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what()); // a server that a test left dead
    }
}

TcpProxy::TcpProxy(int target_port)
{
    int to[2];
    int from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0)
        throw std::runtime_error("cannot make the pipes of a proxy");
    const std::string target = std::to_string(target_port);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(to[0], 0);
        ::dup2(from[1], 1);
        ::execlp("python3", "python3", JACKFIELD_SERVERS "/tcp_proxy.py", target.c_str(), nullptr);
        ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    to_ = to[1];
    from_ = from[0];
    port_ = std::stoi(read_line());
}

TcpProxy::~TcpProxy()
{
    ::close(to_); // its end of input ends it
    ::close(from_);
    ::waitpid(pid_, nullptr, 0);
}

std::string TcpProxy::read_line()
{
    std::string line;
    for (char c; ::read(from_, &c, 1) == 1;) {
        if (c == '\n')
            return line;
        line += c;
    }
    throw std::runtime_error("the proxy ended");
}

std::string TcpProxy::command(const std::string& line)
{
    const std::string text = line + "\n";
    if (::write(to_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw std::runtime_error("the proxy ended");
    return read_line();
}

} // namespace jackfield::test
