// The sink: what each configuration can promise, and the calls of a writer.
#include "sink.hpp"

namespace jackfield::files {
namespace {

[[nodiscard]] LedgerEntry owner_of(const sdk::Scope& scope)
{
    LedgerEntry out;
    out.flow = scope.flow;
    out.task = scope.task;
    out.slice = scope.slice;
    out.generation = scope.generation;
    return out;
}

} // namespace

Result<std::unique_ptr<FileSink>> FileSink::make(const sdk::Config& config, sdk::Host)
{
    JF_ASSIGN(OutputOptions options, read_output(config));
    return std::make_unique<FileSink>(std::move(options));
}

Result<sdk::Description> FileSink::describe(const sdk::Config& config)
{
    JF_ASSIGN(const OutputOptions options, read_output(config));
    sdk::Description out;
    out.max_lanes = 1;
    if (options.to_stdout()) {
        out.sentence = "writes to stdout, which keeps no position: at least once";
        return out;
    }
    out.capabilities = JF_CAN_STORE_TOKEN;
    if (options.to_directory())
        out.sentence = "writes one file per epoch into " + options.path + "; each counts together with its position";
    else if (options.replace)
        out.sentence = "builds " + options.path + " aside and puts it in place at the end; the position is kept beside it";
    else
        out.sentence = "adds to " + options.path + "; how much of it counts and the position are kept beside it";
    if (options.format == Format::parquet && !options.to_directory())
        out.capabilities |= JF_WHOLE_INPUT;
    return out;
}

Result<std::unique_ptr<sdk::Writer>> FileSink::open(const sdk::Call&, const sdk::WriteRequest& request)
{
    return std::unique_ptr<sdk::Writer>(std::make_unique<FileWriter>(options_, request));
}

FileWriter::FileWriter(const OutputOptions& options, const sdk::WriteRequest& request) : output_(options, owner_of(request.scope), request.fresh, {}) {}

void FileWriter::wait_with(const sdk::Call& call)
{
    output_.keep_waiting([&call] { return call.wait(5'000'000); });
}

Result<sdk::Acquired> FileWriter::acquire(const sdk::Call& call, std::string_view source, std::string_view partition)
{
    wait_with(call);
    sdk::Acquired out;
    JF_ASSIGN(out.fence, output_.acquire(source, partition, out.token));
    return out;
}

Status FileWriter::schema(const sdk::Call&, const Schema& schema) { return output_.set_schema(schema); }

Result<sdk::Outcome> FileWriter::write(const sdk::Call& call, std::uint64_t, OwnedArray batch, const sdk::Rejects&)
{
    wait_with(call);
    JF_TRY(output_.write(std::move(batch)));
    return sdk::Outcome::done;
}

Result<sdk::Outcome> FileWriter::commit(const sdk::Call& call, const sdk::Commit& commit, const sdk::Rejects&)
{
    wait_with(call);
    std::vector<OutputToken> tokens;
    for (const sdk::Token& token : commit.tokens)
        tokens.push_back({token.source, token.partition, token.token, token.fence});
    JF_TRY(output_.commit(tokens, commit.final));
    return sdk::Outcome::done;
}

Status FileWriter::abort(const sdk::Call& call)
{
    wait_with(call);
    return output_.abort();
}

} // namespace jackfield::files
