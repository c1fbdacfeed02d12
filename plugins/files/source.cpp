// The source: which files, from where, up to where.
#include "source.hpp"

#include "parquet.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace jackfield::files {

Result<std::unique_ptr<Decoder>> make_decoder(const InputSettings& settings, Descriptor fd, const std::string& name, Member start, KeepWaiting keep_waiting)
{
    JF_ASSIGN(auto input, make_input(std::move(fd), name, settings.compression, start, std::move(keep_waiting)));
    auto window = std::make_unique<Window>(std::move(input), settings.max_record, start.text_offset);
    if (settings.format == Format::csv)
        return std::unique_ptr<Decoder>(std::make_unique<CsvDecoder>(std::move(window), settings.csv, name));
    return std::unique_ptr<Decoder>(std::make_unique<JsonDecoder>(std::move(window), settings.json, name));
}

Result<std::unique_ptr<FileSource>> FileSource::make(const sdk::Config& config, sdk::Host)
{
    JF_ASSIGN(InputSettings settings, read_input(config));
    return std::make_unique<FileSource>(std::move(settings));
}

Result<sdk::Description> FileSource::describe(const sdk::Config& config)
{
    JF_ASSIGN(const InputSettings settings, read_input(config));
    sdk::Description out;
    out.capabilities = JF_BOUNDED;
    if (settings.from_stdin()) {
        out.sentence = "reads stdin, which cannot be read a second time";
        out.max_lanes = 1;
        return out;
    }
    out.capabilities |= JF_CAN_REPLAY | JF_CAN_REPLAY_UNTIL | (settings.incremental ? JF_INCREMENTAL : 0);
    out.partitioning = settings.partitioned() ? JF_PARTITIONS_STATIC : JF_PARTITIONS_NONE;
    out.sentence = "reads " + settings.path + "; files can be read again from any position";
    return out;
}

Result<std::vector<std::string>> FileSource::partitions(const sdk::Call&)
{
    if (!settings_.partitioned())
        return std::vector<std::string>{""};
    return matching_files(settings_);
}

Result<std::string> FileSource::check(const sdk::Call&)
{
    Status readable;
    auto files = settings_.from_stdin() ? Result<std::vector<std::string>>(std::vector<std::string>()) : matching_files(settings_);
    if (files)
        for (const std::string& file : *files)
            if (auto fd = open_for_reading(file); !fd && readable)
                readable = std::move(fd).error();
    if (files && readable)
        return std::string("[]");
    const Error& error = files ? readable.error() : files.error();
    return R"([{"severity":"error","place":"path","message":)" + sdk::json_string(error.message) + "}]";
}

/// The schema of the first file that has one.
Result<std::optional<Schema>> FileSource::settle(const std::vector<std::string>& files)
{
    std::optional<Error> first;
    for (const std::string& file : files) {
        JF_ASSIGN(Descriptor fd, open_for_reading(file));
        struct stat facts {};
        if (::fstat(fd.get(), &facts) == 0 && !S_ISREG(facts.st_mode))
            return std::optional<Schema>(); // a pipe is read once
        JF_ASSIGN(auto decoder, make_decoder(settings_, std::move(fd), file, {}, {}));
        auto started = decoder->start(std::nullopt);
        if (started)
            return std::optional<Schema>(decoder->schema());
        if (!first)
            first = std::move(started).error();
        if (first->kind != JF_E_DATA || files.size() == 1)
            break;
    }
    return *std::move(first);
}

Result<std::unique_ptr<sdk::Reader>> FileSource::open(const sdk::Call&, const sdk::ReadRequest& request)
{
    std::optional<Mark> from, until;
    if (!request.from.empty()) {
        if (settings_.from_stdin())
            return fail(JF_E_POSITION, "stdin cannot be read a second time; start over with jackfield reset");
        JF_ASSIGN(from, Mark::parse(request.from));
    }
    if (!request.until.empty()) {
        JF_ASSIGN(until, Mark::parse(request.until));
    }
    JF_ASSIGN(const std::vector<std::string> all, matching_files(settings_));
    std::vector<std::string> files = settings_.partitioned() ? std::vector<std::string>{std::string(request.partition)} : all;
    if (settings_.format == Format::parquet)
        return ParquetReader::open(std::move(files), std::move(from), std::move(until));
    if (!known_ && !settings_.from_stdin()) {
        JF_ASSIGN(known_, settle(all));
    }
    auto reader = std::make_unique<FileReader>(settings_, std::move(files), known_, std::move(from), std::move(until));
    JF_TRY(reader->begin());
    return std::unique_ptr<sdk::Reader>(std::move(reader));
}

FileReader::FileReader(InputSettings settings, std::vector<std::string> files, std::optional<Schema> known, std::optional<Mark> from, std::optional<Mark> until)
    : settings_(std::move(settings)), files_(std::move(files)), known_(std::move(known)), from_(std::move(from)), until_(std::move(until))
{
}

Status FileReader::begin()
{
    if (from_) {
        const auto found = std::find(files_.begin(), files_.end(), from_->path);
        if (found == files_.end())
            return fail(JF_E_POSITION, "'" + from_->path + "' is not there any more; restore it, or start over with jackfield reset");
        file_ = static_cast<std::size_t>(found - files_.begin());
    }
    return open_file();
}

Status FileReader::open_file()
{
    const std::string& path = files_[file_];
    JF_ASSIGN(Descriptor fd, open_for_reading(path));
    fd_ = fd.get();
    const bool go_on = from_ && from_->path == path;
    if (go_on)
        JF_TRY(from_->check(fd_, settings_.compression));
    if (!settings_.from_stdin()) {
        JF_ASSIGN(identity_, FileIdentity::of(fd_, path));
    }
    const auto keep_waiting = [this] { return call_ && !call_->cancelled() && ++waits_ < 5; };
    JF_ASSIGN(decoder_, make_decoder(settings_, std::move(fd), path, go_on ? from_->member : Member{}, keep_waiting));
    started_ = false;
    bytes_before_ = 0;
    if (go_on) {
        JF_TRY(skip_text(from_->offset - from_->member.text_offset));
        if (!known_)
            return fail(JF_E_POSITION, "'" + path + "' is a pipe; it cannot be gone on with");
        JF_TRY(decoder_->resume(*known_, from_->line));
        started_ = true;
    }
    return {};
}

/// To the place in the member.
Status FileReader::skip_text(std::uint64_t bytes)
{
    Window& window = decoder_->window();
    while (bytes > 0) {
        if (window.size() == 0) {
            JF_ASSIGN(const InputState state, window.more());
            if (state != InputState::more)
                return fail(JF_E_POSITION, "'" + files_[file_] + "' ends before the place to go on from; start over with jackfield reset");
        }
        const std::uint64_t step = std::min<std::uint64_t>(bytes, window.size());
        window.take(step);
        bytes -= step;
    }
    return {};
}

Result<InputState> FileReader::start(const sdk::Call& call)
{
    if (started_)
        return InputState::more;
    call_ = &call;
    waits_ = 0;
    JF_ASSIGN(const InputState state, decoder_->start(known_));
    if (state == InputState::idle)
        return state;
    started_ = true;
    if (!known_)
        known_ = decoder_->schema();
    return InputState::more;
}

Result<Schema> FileReader::schema(const sdk::Call& call)
{
    if (known_)
        return *known_;
    for (;;) {
        JF_ASSIGN(const InputState state, start(call));
        if (state != InputState::idle)
            return decoder_->schema();
        if (call.cancelled() || !call.wait(1'000'000))
            return fail(JF_E_TIMEOUT, "nothing has come from stdin yet");
    }
}

Result<sdk::Next> FileReader::next(const sdk::Call& call, const sdk::Limits& limits, sdk::BatchOut& out)
{
    if (limits.max_rows == 0)
        return sdk::Next::idle;
    call_ = &call;
    const auto on_bad = [&](const BadRecord& bad) -> Status {
        const std::string place = files_[file_] + ":" + std::to_string(bad.line);
        return out.rejects.add({.message = bad.message, .place = place, .column = bad.column, .code = bad.code, .record = bad.raw.substr(0, 64 << 10)});
    };
    for (;;) {
        if (call.cancelled())
            return fail(JF_E_CANCELLED, "reading '" + files_[file_] + "' was cancelled");
        JF_ASSIGN(const InputState begun, start(call));
        if (begun == InputState::idle)
            return sdk::Next::idle;
        const bool last = until_ && until_->path == files_[file_];
        ReadLimits bounds{limits.max_rows, limits.max_bytes ? limits.max_bytes : ReadLimits{}.bytes, last ? until_->offset : UINT64_MAX};
        waits_ = 0;
        JF_ASSIGN(const ReadState state, decoder_->read(bounds, on_bad, out.array));
        if (state == ReadState::idle)
            return sdk::Next::idle;
        if (state == ReadState::batch) {
            const std::uint64_t bytes = decoder_->window().input().file_bytes();
            out.bytes = bytes - bytes_before_;
            bytes_before_ = bytes;
            out.total_bytes = identity_.size;
            JF_ASSIGN(out.position.bytes, position());
            return sdk::Next::batch;
        }
        if (last || file_ + 1 == files_.size())
            return sdk::Next::end;
        ++file_;
        JF_TRY(open_file());
    }
}

Result<std::string> FileReader::position()
{
    Mark mark;
    mark.path = files_[file_];
    Window& window = decoder_->window();
    mark.offset = window.offset();
    mark.line = decoder_->line();
    if (settings_.from_stdin())
        return mark.bytes();
    mark.file = identity_;
    mark.member = window.input().member_of(mark.offset);
    if (settings_.compression == Compression::none) {
        const std::string_view tail = window.before(Window::history);
        mark.tail_size = static_cast<std::uint32_t>(tail.size());
        mark.tail_digest = digest_of(tail);
    }
    return mark.bytes();
}

} // namespace jackfield::files
