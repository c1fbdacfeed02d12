// A partitioned source whose partitions move between processes, and sinks over a SQLite file. Plugins for the tests of
// delivery, written as a vendor would write them.
//
//   demo.leases   source: rows (partition, n) of partitions that processes lease from each other through a SQLite file
//   demo.numbers  source: rows (partition 0, n), one partition, replayable
//   demo.ledger   sink: rows and tokens in one transaction, under the fences of their partitions
//   demo.split    sink: the same, but with its token in a file of its own. Wrong on purpose: the crash harness must see it.
#include "leases.hpp"

#include <jackfield/sdk.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <unistd.h>
#include <utility>

using namespace jackfield;
using namespace jackfield::sdk;

namespace {

Schema row_schema() { return {{"part", Type::int64}, {"n", Type::int64}}; }

// ---- sources

class LeasedReader : public Reader {
public:
    LeasedReader(demo::Leases leases, std::int64_t rows, Host host) : leases_(std::move(leases)), rows_(rows), host_(host) {}

    Result<Schema> schema(const Call&) override { return row_schema(); }
    Result<Next> next(const Call& call, const Limits& limits, BatchOut& out) override
    {
        JF_TRY(leases_.beat(host_.monotonic_ns()));
        if (const auto event = leases_.next_event()) {
            out.partition = event->partition;
            switch (event->kind) {
            case demo::Leases::Event::Kind::given: return Next::given;
            case demo::Leases::Event::Kind::asked_back: return Next::asked_back;
            case demo::Leases::Event::Kind::lost: open_.erase(event->partition); return Next::lost;
            }
        }
        if (limits.max_rows == 0)
            return Next::idle;
        for (auto& [name, at] : open_)
            if (at < rows_ && name > last_)
                return read(name, at, limits, out);
        if (!std::exchange(last_, "").empty())
            return Next::idle; // round again
        if (leases_.all_finished())
            return Next::end;
        (void)call.wait(2'000'000);
        return Next::idle;
    }
    Status seek(const Call&, std::string_view partition, std::string_view position, std::string_view) override
    {
        open_[std::string(partition)] = Position::number(position).value_or(0);
        if (open_[std::string(partition)] >= rows_)
            return leases_.finished(std::string(partition)); // killed between the commit and the acknowledgement
        return {};
    }
    Status give_back(const Call&, std::string_view partition) override
    {
        open_.erase(std::string(partition));
        return leases_.give_back(std::string(partition), host_.monotonic_ns());
    }
    Status ack(const Call&, std::string_view partition, std::string_view position) override
    {
        return Position::number(position) == rows_ ? leases_.finished(std::string(partition)) : Status();
    }

private:
    Result<Next> read(const std::string& name, std::int64_t& at, const Limits& limits, BatchOut& out)
    {
        Rows rows(row_schema());
        const std::int64_t part = std::stoll(name.substr(1));
        for (std::uint64_t i = 0; i < limits.max_rows && i < 7 && at < rows_; ++i)
            rows.add(part, at++);
        last_ = out.partition = name;
        out.position = Position::of(at);
        JF_ASSIGN(out.array, rows.finish());
        return Next::batch;
    }

    demo::Leases leases_;
    std::int64_t rows_;
    Host host_;
    std::map<std::string, std::int64_t> open_;
    std::string last_;
};

class LeasedSource : public Source {
public:
    LeasedSource(const Config& config, Host host) : config_(config), host_(host) {}
    static Options options()
    {
        return Options().text("file", "of the leases", {.required = true}).integer("partitions", "how many", {.fallback = 6})
            .integer("rows", "of each", {.fallback = 1000}).duration("lease", "", "300ms").duration("trade", "how long one is kept", "200ms");
    }
    static Description describe(const Config&)
    {
        return {.capabilities = JF_CAN_REPLAY | JF_BOUNDED, .sentence = "rows of partitions that are leased",
                .partitioning = JF_PARTITIONS_DYNAMIC, .max_lanes = 1};
    }
    Result<std::unique_ptr<Reader>> open(const Call&, const ReadRequest&) override
    {
        JF_ASSIGN(demo::Leases leases, demo::Leases::join(std::string(config_.text("file")), config_.integer("partitions"),
                                                          config_.duration("lease"), config_.duration("trade")));
        return std::make_unique<LeasedReader>(std::move(leases), config_.integer("rows"), host_);
    }

private:
    Config config_;
    Host host_;
};

class NumberReader : public RowReader {
public:
    NumberReader(std::int64_t at, std::int64_t end) : at_(at), end_(end) {}
    Schema fields() override { return row_schema(); }
    Result<std::optional<Position>> read(const Call&, const Limits& limits, Rows& rows) override
    {
        if (at_ >= end_)
            return std::optional<Position>();
        for (std::uint64_t i = 0; i < limits.max_rows && i < 100 && at_ < end_; ++i)
            rows.add(0, at_++);
        return std::optional(Position::of(at_));
    }

private:
    std::int64_t at_, end_;
};

class NumberSource : public Source {
public:
    NumberSource(const Config& config, Host) : rows_(config.integer("rows")) {}
    static Options options() { return Options().integer("rows", "", {.fallback = 10'000}); }
    static Description describe(const Config&) { return {.capabilities = JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL | JF_BOUNDED}; }
    Result<std::unique_ptr<Reader>> open(const Call&, const ReadRequest& request) override
    {
        return std::make_unique<NumberReader>(request.from_number(0), request.until_number(rows_));
    }

private:
    std::int64_t rows_;
};

// ---- sinks

class LedgerWriter : public Writer {
public:
    LedgerWriter(demo::Database database, std::string token_file, std::string scope, bool fences)
        : database_(std::move(database)), token_file_(std::move(token_file)), scope_(std::move(scope)), fences_(fences)
    {
    }
    Result<Acquired> acquire(const Call&, std::string_view, std::string_view partition) override
    {
        JF_ASSIGN(demo::Transaction transaction, demo::Transaction::begin(database_));
        JF_TRY(demo::Query(database_, "INSERT INTO token VALUES (?, ?, 1, NULL) ON CONFLICT DO UPDATE SET fence = fence + 1", scope_, partition).run());
        demo::Query query(database_, "SELECT fence, token FROM token WHERE scope = ? AND partition = ?", scope_, partition);
        JF_TRY(query.next());
        Acquired out{static_cast<std::uint64_t>(query.number(0)), std::nullopt};
        if (!query.is_null(1))
            out.token = query.bytes(1);
        JF_TRY(transaction.commit());
        if (!token_file_.empty()) {
            std::ifstream file(token_file_, std::ios::binary);
            out.token.reset();
            if (file)
                out.token = std::string(std::istreambuf_iterator<char>(file), {});
        }
        return out;
    }
    Status schema(const Call&, const Schema& schema) override
    {
        schema_ = schema;
        return schema == row_schema() ? Status() : fail(JF_E_CONFIG, "the columns must be part and n");
    }
    Result<Outcome> write(const Call&, std::uint64_t, OwnedArray batch, const Rejects&) override
    {
        const BatchView view(schema_, *batch);
        for (std::int64_t i = 0; i < batch->length; ++i)
            rows_.emplace_back(view[0].i64(i), view[1].i64(i));
        return Outcome::done;
    }
    Result<Outcome> commit(const Call&, const Commit& commit, const Rejects&) override
    {
        JF_ASSIGN(demo::Transaction transaction, demo::Transaction::begin(database_));
        for (const Token& token : commit.tokens) {
            JF_TRY(demo::Query(database_, "UPDATE token SET token = ? WHERE scope = ? AND partition = ? AND fence = ?",
                               token_file_.empty() ? token.token : std::string_view(), scope_, token.partition, token.fence).run());
            if (sqlite3_changes(database_.raw()) != 1 && fences_)
                return fail(JF_E_FENCED, "another process has partition '" + std::string(token.partition) + "' now");
        }
        demo::Query insert(database_, "INSERT INTO row VALUES (?, ?)");
        for (const auto& [part, n] : rows_) {
            insert.again(part, n);
            JF_TRY(insert.run());
        }
        JF_TRY(transaction.commit());
        rows_.clear();
        return token_file_.empty() || commit.tokens.empty() ? Result<Outcome>(Outcome::done) : store_apart(commit.tokens.front().token);
    }
    Status abort(const Call&) override
    {
        rows_.clear();
        return {};
    }

private:
    /// Whole and durable, and yet a moment too late.
    Result<Outcome> store_apart(std::string_view token) const
    {
        const std::string next = token_file_ + ".next";
        std::FILE* const file = std::fopen(next.c_str(), "wb");
        if (!file)
            return fail(JF_E_DENIED, "'" + next + "' cannot be written");
        std::fwrite(token.data(), 1, token.size(), file);
        std::fflush(file);
        ::fsync(::fileno(file));
        std::fclose(file);
        std::rename(next.c_str(), token_file_.c_str());
        return Outcome::done;
    }

    demo::Database database_;
    std::string token_file_, scope_;
    bool fences_;
    Schema schema_;
    std::vector<std::pair<std::int64_t, std::int64_t>> rows_;
};

class Ledger : public Sink {
public:
    Ledger(const Config& config, Host) : file_(config.text("file")), fences_(!config.has("fences") || config.boolean("fences")) {}
    static Options options()
    {
        return Options().text("file", "a SQLite file", {.required = true}).boolean("fences", "false: let everybody commit; wrong on purpose", true);
    }
    static Description describe(const Config&) { return {.capabilities = JF_CAN_STORE_TOKEN | JF_CAN_SHARE}; }
    Result<std::unique_ptr<Writer>> open(const Call&, const WriteRequest& request) override { return open_with("", request); }

protected:
    Result<std::unique_ptr<Writer>> open_with(std::string token_file, const WriteRequest& request)
    {
        JF_ASSIGN(demo::Database database, demo::Database::open(file_));
        JF_TRY(database.run("CREATE TABLE IF NOT EXISTS row (part INTEGER, n INTEGER)"));
        JF_TRY(database.run("CREATE TABLE IF NOT EXISTS token (scope BLOB, partition BLOB, fence INTEGER, token BLOB, PRIMARY KEY (scope, partition))"));
        const std::string scope = std::string(request.scope.flow) + "/" + std::string(request.scope.task) + "/" + std::string(request.scope.slice) + "/" + std::string(request.scope.generation);
        return std::make_unique<LedgerWriter>(std::move(database), std::move(token_file), scope, fences_);
    }
    std::string file_;
    bool fences_;
};

class Split : public Ledger {
public:
    using Ledger::Ledger;
    static Description describe(const Config&) { return {.capabilities = JF_CAN_STORE_TOKEN}; }
    Result<std::unique_ptr<Writer>> open(const Call&, const WriteRequest& request) override { return open_with(file_ + ".token", request); }
};

} // namespace

JACKFIELD_PLUGIN("demo-partitions", "0.1.0", "Jackfield", "Apache-2.0", jackfield::sdk::source<LeasedSource>("demo.leases", "Partitions that move between processes"),
                 jackfield::sdk::source<NumberSource>("demo.numbers", "Numbers"), jackfield::sdk::sink<Ledger>("demo.ledger", "Rows and tokens in one SQLite file"),
                 jackfield::sdk::sink<Split>("demo.split", "Rows here, token there: wrong on purpose"))
