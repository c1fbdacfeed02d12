// The test plugin, linked into the program.
#define JF_STATIC_PLUGIN pipeline_test
#include "pipeline_plugins.hpp"

#include <jackfield/sdk.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <cstring>

using namespace jackfield;
using namespace jackfield::sdk;

namespace worlds {

std::shared_ptr<World>& current()
{
    static std::shared_ptr<World> world;
    return world;
}

namespace {

using WorldHandle = std::shared_ptr<World>;

Status enter(const WorldHandle& world, std::string_view call) { return world->on_call ? world->on_call(call) : Status(); }

// ---- source: the numbers 0 to rows - 1 of each partition, partition p shifted by p million

class NumbersReader : public Reader {
public:
    NumbersReader(WorldHandle world, const Config& config, const ReadRequest& request)
        : world_(std::move(world)), partition_(request.partition), rows_(config.integer("rows")), batch_(config.integer("batch")),
          bad_(config.integer("bad")), change_(config.integer("change")), dynamic_(config.boolean("dynamic")),
          at_(request.from_number(0)), until_(request.until_number(rows_))
    {
    }
    Result<jackfield::Schema> schema(const Call&) override
    {
        JF_TRY(enter(world_, "source.schema"));
        if (changed_)
            return jackfield::Schema{{"n", Type::int64}, {"more", Type::utf8}};
        return jackfield::Schema{{"n", Type::int64}};
    }
    Result<Next> next(const Call& call, const sdk::Limits& limits, BatchOut& out) override
    {
        JF_TRY(enter(world_, "source.next"));
        if (dynamic_) {
            const std::uint64_t number = ++calls_;
            if (limits.max_rows == 0) {
                const std::lock_guard lock(world_->mutex);
                ++world_->kept_alive;
            }
            if (const auto [event, name] = world_->event(number); event != JF_OK) {
                out.partition = name;
                return static_cast<Next>(event);
            }
            if (limits.max_rows == 0 || partition_.empty())
                return Next::idle;
        }
        if (limits.max_rows == 0)
            return Next::idle;
        if (at_ >= until_)
            return Next::end;
        if (change_ > 0 && at_ >= change_ && !changed_) {
            changed_ = true;
            return Next::schema;
        }
        JF_ASSIGN(const jackfield::Schema columns, schema(call));
        Rows rows(columns);
        const std::int64_t base = partition_.empty() ? 0 : std::stoll(partition_.substr(1)) * 1'000'000;
        for (std::uint64_t i = 0; i < limits.max_rows && i < static_cast<std::uint64_t>(batch_) && at_ < until_; ++i, ++at_) {
            if (bad_ > 0 && at_ % bad_ == bad_ - 1)
                JF_TRY(out.rejects.add({.message = "is no number", .place = "numbers.txt:" + std::to_string(at_ + 1), .record = "x\xff"}));
            else if (changed_)
                rows.add(base + at_, "more");
            else
                rows.add(base + at_);
        }
        out.partition = partition_;
        out.position = Position::of(at_);
        out.bytes = 8;
        JF_ASSIGN(out.array, rows.finish());
        return Next::batch;
    }
    Status seek(const Call&, std::string_view partition, std::string_view position, std::string_view until) override
    {
        JF_TRY(enter(world_, "source.seek"));
        partition_ = partition;
        at_ = Position::number(position).value_or(0);
        until_ = Position::number(until).value_or(rows_);
        return {};
    }
    Status give_back(const Call&, std::string_view) override
    {
        partition_.clear();
        return enter(world_, "source.give_back");
    }
    Status record(const Call&, std::string_view partition, std::string_view position, std::string_view intent) override
    {
        JF_TRY(enter(world_, "source.record"));
        const std::lock_guard lock(world_->mutex);
        world_->recorded[std::string(partition)] = {std::string(position), std::string(intent)};
        return {};
    }
    Result<std::optional<Recorded>> recorded(const Call&, std::string_view partition) override
    {
        const std::lock_guard lock(world_->mutex);
        const auto place = world_->recorded.find(std::string(partition));
        if (place == world_->recorded.end())
            return std::optional<Recorded>();
        return std::optional(Recorded{place->second.first, place->second.second});
    }
    Status ack(const Call&, std::string_view partition, std::string_view position) override
    {
        JF_TRY(enter(world_, "source.ack"));
        const std::lock_guard lock(world_->mutex);
        world_->acked[std::string(partition)] = Position::number(position).value_or(-1);
        return {};
    }

private:
    WorldHandle world_;
    std::string partition_;
    std::int64_t rows_, batch_, bad_, change_;
    bool dynamic_, changed_ = false;
    std::int64_t at_, until_;
    std::uint64_t calls_ = 0;
};

class Numbers : public Source {
public:
    Numbers(const Config& config, Host) : config_(config), world_(current()) {}
    static Options options()
    {
        return Options().integer("rows", "").integer("batch", "", {.fallback = 10}).integer("partitions", "", {.fallback = 0})
            .integer("bad", "", {.fallback = 0}).integer("change", "", {.fallback = 0}).boolean("dynamic", "", false);
    }
    static sdk::Description describe(const Config& config)
    {
        sdk::Description out;
        out.capabilities = JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL | JF_BOUNDED;
        if (config.integer("partitions") > 0)
            out.partitioning = JF_PARTITIONS_STATIC;
        if (config.boolean("dynamic"))
            out.partitioning = JF_PARTITIONS_DYNAMIC;
        return out;
    }
    Result<std::unique_ptr<Reader>> open(const Call&, const ReadRequest& request) override
    {
        JF_TRY(enter(world_, "source.open"));
        return std::make_unique<NumbersReader>(world_, config_, request);
    }
    Result<std::vector<std::string>> partitions(const Call&) override
    {
        JF_TRY(enter(world_, "source.partitions"));
        std::vector<std::string> out;
        for (std::int64_t i = 0; i < config_.integer("partitions"); ++i)
            out.push_back("p" + std::to_string(i));
        return out;
    }

private:
    Config config_;
    WorldHandle world_;
};

// ---- sink

class TableWriter : public Writer {
public:
    TableWriter(WorldHandle world, const Config& config) : world_(std::move(world)), disk_(config.text("disk")), drops_(config.boolean("deduplicates")) {}

    Result<sdk::Acquired> acquire(const Call&, std::string_view, std::string_view partition) override
    {
        JF_TRY(enter(world_, "sink.acquire"));
        const std::lock_guard lock(world_->mutex);
        Disk& disk = world_->disks[disk_];
        sdk::Acquired out;
        out.fence = ++disk.fences[std::string(partition)];
        if (const auto token = disk.tokens.find(std::string(partition)); token != disk.tokens.end())
            out.token = token->second;
        return out;
    }
    Status schema(const Call&, const jackfield::Schema& schema) override
    {
        schema_ = schema;
        return enter(world_, disk_ == "main" ? "sink.schema" : "side.schema");
    }
    Result<Outcome> write(const Call&, std::uint64_t number, OwnedArray batch, const Rejects& rejects) override
    {
        JF_TRY(enter(world_, disk_ == "main" ? "sink.write" : "side.write"));
        const BatchView view(schema_, *batch);
        bool resend = false, refused = false;
        for (std::int64_t i = 0; i < batch->length; ++i) {
            if (disk_ == "quarantine") {
                const auto text = [&](std::size_t column) { return view[column].is_null(i) ? std::string("-") : std::string(view[column].text(i)); };
                texts_.push_back(text(3) + " " + text(4) + " " + text(7) + " " + text(8));
                continue;
            }
            const std::int64_t value = view[0].i64(i);
            const char verdict = world_->judge ? world_->judge(value) : 'k';
            if (verdict == 'w' || verdict == 'r') {
                JF_TRY(rejects.add({.message = "not wanted", .write = number, .row = i}));
                (verdict == 'w' ? resend : refused) = true;
            } else {
                if (verdict == 'c')
                    late_.push_back({number, i});
                rows_.push_back(value);
            }
        }
        return resend ? Outcome::resend : refused ? Outcome::rejected : Outcome::done;
    }
    Result<Outcome> commit(const Call&, const Commit& commit, const Rejects& rejects) override
    {
        JF_TRY(enter(world_, disk_ == "main" ? "sink.commit" : "side.commit"));
        for (const auto& [number, row] : late_)
            JF_TRY(rejects.add({.message = "not wanted after all", .write = number, .row = row}));
        if (!late_.empty())
            return Outcome::resend;
        const std::lock_guard lock(world_->mutex);
        Disk& disk = world_->disks[disk_];
        for (const Token& token : commit.tokens)
            if (disk.fences[std::string(token.partition)] != token.fence)
                return fail(JF_E_FENCED, "another writer has '" + std::string(token.partition) + "'");
        const char doubt = world_->doubt && disk_ == "main" ? world_->doubt(disk.commits + 1) : '\0';
        if (doubt == 'a') {
            ++disk.commits;
            return Outcome::unknown;
        }
        if (!drops_ || commit.intent.empty() || disk.intents.insert(std::string(commit.intent)).second) {
            disk.rows.insert(disk.rows.end(), rows_.begin(), rows_.end());
            disk.texts.insert(disk.texts.end(), texts_.begin(), texts_.end());
        }
        for (const Token& token : commit.tokens)
            disk.tokens[std::string(token.partition)] = token.token;
        ++disk.commits;
        disk.finals += commit.final ? 1 : 0;
        forget();
        if (doubt == 'l')
            return Outcome::unknown;
        // The answer of a commit that is durable may get lost with the process.
        JF_TRY(enter(world_, disk_ == "main" ? "sink.committed" : "side.committed"));
        return Outcome::done;
    }
    Status abort(const Call&) override
    {
        forget();
        return enter(world_, "sink.abort");
    }
    Result<OwnedStream> query(const Call&, std::string_view, std::optional<OwnedStream>) override;

private:
    void forget()
    {
        rows_.clear();
        texts_.clear();
        late_.clear();
    }

    WorldHandle world_;
    std::string disk_;
    bool drops_;
    jackfield::Schema schema_;
    std::vector<std::int64_t> rows_;
    std::vector<std::string> texts_;
    std::vector<std::pair<std::uint64_t, std::int64_t>> late_;
};

/// A stream of one row: how many rows are in the open epoch.
Result<OwnedStream> TableWriter::query(const Call&, std::string_view, std::optional<OwnedStream>)
{
    struct Parts {
        std::int64_t count;
        bool done = false;
    };
    ArrowArrayStream out{};
    out.private_data = new Parts{static_cast<std::int64_t>(rows_.size())};
    out.get_schema = [](ArrowArrayStream*, ArrowSchema* schema) { return export_schema(jackfield::Schema{{"count", Type::int64}}, schema) ? 0 : 22; };
    out.get_next = [](ArrowArrayStream* self, ArrowArray* array) {
        auto& parts = *static_cast<Parts*>(self->private_data);
        *array = ArrowArray{};
        if (std::exchange(parts.done, true))
            return 0;
        Rows rows(jackfield::Schema{{"count", Type::int64}});
        rows.add(parts.count);
        *array = rows.finish()->release();
        return 0;
    };
    out.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    out.release = [](ArrowArrayStream* self) {
        delete static_cast<Parts*>(self->private_data);
        self->release = nullptr;
    };
    return OwnedStream(out);
}

class Table : public Sink {
public:
    Table(const Config& config, Host) : config_(config), world_(current()) {}
    static Options options()
    {
        return Options().text("disk", "", {.fallback = "main"}).boolean("tokens", "", true).boolean("deduplicates", "", false).boolean("share", "", false);
    }
    static sdk::Description describe(const Config& config)
    {
        sdk::Description out;
        out.capabilities = (config.boolean("tokens") ? JF_CAN_STORE_TOKEN | JF_CAN_QUERY_EPOCH : 0) | (config.boolean("share") ? JF_CAN_SHARE : 0)
            | (config.boolean("deduplicates") ? JF_DEDUPLICATES : 0);
        return out;
    }
    Result<std::unique_ptr<Writer>> open(const Call&, const WriteRequest& request) override
    {
        JF_TRY(enter(world_, "sink.open"));
        const std::lock_guard lock(world_->mutex);
        world_->disks[std::string(config_.text("disk"))].fresh += request.fresh ? 1 : 0;
        return std::make_unique<TableWriter>(world_, config_);
    }

private:
    Config config_;
    WorldHandle world_;
};

// ---- steps

/// Passes batches on. With "gate" it asks the open epoch at its end how many rows are in it.
class PassStep : public Step {
public:
    PassStep(WorldHandle world, Host host, bool asks) : world_(std::move(world)), host_(host), asks_(asks) {}
    Result<jackfield::Schema> schema(const Call&, const jackfield::Schema& input, std::uint32_t) override
    {
        JF_TRY(enter(world_, "step.schema"));
        return input;
    }
    Status process(const Call&, StepInput input, const Emitter& emitter, const Rejects&) override
    {
        JF_TRY(enter(world_, "step.process"));
        return input.batch ? emitter.emit(std::move(input.batch), input.partition) : Status();
    }
    Status barrier(const Call& call, bool, const Emitter&, const Rejects&) override
    {
        JF_TRY(enter(world_, "step.barrier"));
        if (!asks_)
            return {};
        JF_ASSIGN(OwnedStream stream, host_.query(call, JF_QUERY_OPEN_EPOCH, "count"));
        OwnedArray row;
        if (stream->get_next(stream.get(), row.get()) != 0)
            return fail(JF_E_FAILED, "no row");
        const std::lock_guard lock(world_->mutex);
        world_->queried = static_cast<std::uint64_t>(static_cast<const std::int64_t*>(row->children[0]->buffers[1])[row->children[0]->offset]);
        return {};
    }
    Status after_commit(const Call&, std::string_view) override
    {
        JF_TRY(enter(world_, "step.after_commit"));
        const std::lock_guard lock(world_->mutex);
        ++world_->epochs_told;
        return {};
    }

private:
    WorldHandle world_;
    Host host_;
    bool asks_;
};

class Pass : public sdk::Task {
public:
    Pass(const Config& config, Host host) : host_(host), asks_(config.boolean("asks")), world_(current()) {}
    static constexpr std::uint64_t faces = JF_IS_STEP;
    static Options options() { return Options().boolean("asks", "", false); }
    Result<std::unique_ptr<Step>> open(const Call&, const sdk::Scope&) override
    {
        JF_TRY(enter(world_, "step.open"));
        return std::make_unique<PassStep>(world_, host_, asks_);
    }

private:
    Host host_;
    bool asks_;
    WorldHandle world_;
};

/// Emits the running sum of each partition, one row for each batch: what comes out tells whether the state was kept.
class SumStep : public Step {
public:
    explicit SumStep(WorldHandle world) : world_(std::move(world)) {}
    Result<jackfield::Schema> schema(const Call&, const jackfield::Schema& input, std::uint32_t) override { return input; }
    Status process(const Call&, StepInput input, const Emitter& emitter, const Rejects&) override
    {
        if (!input.batch)
            return {};
        const jackfield::Schema schema{{"n", Type::int64}};
        const BatchView view(schema, *input.batch);
        Rows rows(schema);
        std::int64_t& sum = sums_[std::string(input.partition)];
        for (std::int64_t i = 0; i < input.batch->length; ++i)
            rows.add(sum += view[0].i64(i));
        JF_ASSIGN(OwnedArray out, rows.finish());
        return emitter.emit(std::move(out), input.partition);
    }
    Result<std::string> snapshot(const Call&, std::string_view partition) override
    {
        JF_TRY(enter(world_, "step.snapshot"));
        return std::to_string(sums_[std::string(partition)]);
    }
    Status restore(const Call&, std::string_view partition, std::string_view state) override
    {
        sums_[std::string(partition)] = std::stoll(std::string(state));
        return enter(world_, "step.restore");
    }

private:
    WorldHandle world_;
    std::map<std::string, std::int64_t> sums_;
};

class Sum : public sdk::Task {
public:
    Sum(const Config&, Host) : world_(current()) {}
    static sdk::Description describe(const Config&)
    {
        sdk::Description out;
        out.capabilities = JF_IS_STEP;
        out.state_scope = JF_STATE_PARTITION;
        return out;
    }
    Result<std::unique_ptr<Step>> open(const Call&, const sdk::Scope&) override { return std::make_unique<SumStep>(world_); }

private:
    WorldHandle world_;
};

} // namespace
} // namespace worlds

JACKFIELD_PLUGIN("pipeline-test", "1", "tests", "Apache-2.0", jackfield::sdk::source<worlds::Numbers>("numbers", ""),
                 jackfield::sdk::sink<worlds::Table>("table", ""), jackfield::sdk::task<worlds::Pass>("pass", ""),
                 jackfield::sdk::task<worlds::Sum>("sum", ""))

namespace worlds {

jackfield::Result<jackfield::Factory> factory(std::string_view kind, std::string_view id)
{
    CallFrame frame;
    const jf_plugin* const plugin = jf_plugin_entry_v1_pipeline_test(entry_host(), frame.raw());
    for (std::uint64_t i = 0; i < plugin->factory_count; ++i)
        if (plugin->factories[i]->kind == kind && plugin->factories[i]->id == id)
            return jackfield::Factory(plugin->factories[i], plugin->name);
    return jackfield::fail(JF_E_NOT_FOUND, "no such component");
}

} // namespace worlds
