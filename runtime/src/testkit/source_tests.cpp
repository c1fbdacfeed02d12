// Tests of sources: the rows, their positions, and what a reader does when it is asked to stop.
#include "testkit/crash.hpp"
#include "testkit/guard.hpp"
#include "testkit/rows.hpp"

#include <jackfield/sdk/arrow/json.hpp>

#include <algorithm>
#include <ctime>
#include <thread>

namespace jackfield::testkit {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::size_t most_positions = 1000;

std::string seconds(std::int64_t ns)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(ns) / 1e9);
    return text;
}

/// A source with the partition that its tests read. Value.
struct Opened {
    SourceInstance source;
    Description description;
    std::string partition;
};

Result<Opened> opened(Kit& kit)
{
    JF_ASSIGN(Description description, kit.description());
    JF_ASSIGN(SourceInstance source, kit.make<SourceInstance>());
    JF_ASSIGN(std::string partition, first_partition(kit, source, description));
    return Opened{std::move(source), std::move(description), std::move(partition)};
}

/// A tape with many positions: batches of a few rows.
Result<Tape> fine_tape(Kit& kit, const Opened& it)
{
    TapeOptions coarse;
    coarse.partition = it.partition;
    JF_ASSIGN(const Tape whole, read_tape(kit, it.source, coarse));
    TapeOptions fine = coarse;
    fine.random = &kit.random();
    fine.max_rows = std::max<std::uint64_t>(1, whole.rows.size() / (most_positions / 2)); // of 1 to max_rows: half as many on average
    fine.enough = std::min<std::size_t>(whole.rows.size() + 1, 5000);
    return read_tape(kit, it.source, fine);
}

Verdict schema(Kit& kit)
{
    JF_ASSIGN(const SourceInstance source, kit.make<SourceInstance>());
    JF_ASSIGN(const Description description, kit.description());
    if (description.partitioning == JF_PARTITIONS_DYNAMIC)
        return skip("a source with dynamic partitions may know its schema later");
    JF_ASSIGN(const std::string partition, first_partition(kit, source, description));
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    JF_ASSIGN(SourceReader reader, source.open(frame, {kit_scope, partition, {}, {}}));
    kit.doing("schema() ran");
    JF_ASSIGN(const auto first, reader.schema(frame));
    JF_ASSIGN(const auto second, reader.schema(frame));
    JF_TRY(must(first && second, "schema() answers 'idle'; only a source with dynamic partitions may"));
    JF_ASSIGN(const Schema one, import_schema(**first));
    JF_ASSIGN(const Schema two, import_schema(**second));
    JF_TRY(must(one == two, "schema() answers differently when asked again"));
    for (std::size_t i = 0; i < one.size(); ++i)
        JF_TRY(must(one.find(one[i].name) == i, "two columns are named '" + one[i].name + "'"));
    return count(one.size(), "column") + ", the same when asked again";
}

Verdict batches(Kit& kit)
{
    JF_ASSIGN(const SourceInstance source, kit.make<SourceInstance>());
    JF_ASSIGN(const Description description, kit.description());
    std::vector<std::string> partitions{""};
    if (description.partitioning == JF_PARTITIONS_STATIC) {
        CallFrame frame;
        frame.set_deadline_in(5 * second_ns);
        JF_ASSIGN(partitions, source.partitions(frame));
    }
    std::size_t rows = 0, marks = 0, longest = 0;
    bool ended = true;
    for (const std::string& partition : partitions) {
        TapeOptions options;
        options.partition = partition;
        JF_ASSIGN(const Tape tape, read_tape(kit, source, options));
        for (const Tape::Mark& mark : tape.marks)
            JF_TRY(must(!mark.position.empty() || !description.can(JF_CAN_REPLAY), "a batch came without a position, although describe() says that reading can go on anywhere"));
        rows += tape.rows.size();
        marks += tape.marks.size();
        longest = std::max(longest, tape.longest_position);
        ended = ended && (tape.ended || tape.rows.size() >= options.enough);
    }
    JF_TRY(must(ended || !description.can(JF_BOUNDED), "did not end within 50 answers 'idle', although describe() says that it is bounded"));
    return count(rows, "row") + " in " + std::to_string(marks) + (marks == 1 ? " batch" : " batches") + " fit the schema; positions of up to " + count(longest, "byte");
}

Verdict repeat(Kit& kit)
{
    JF_ASSIGN(const Opened it, opened(kit));
    if (!it.description.can(JF_CAN_REPLAY))
        return skip("describe() does not say that reading again gives the same rows");
    TapeOptions options;
    options.partition = it.partition;
    JF_ASSIGN(const Tape first, read_tape(kit, it.source, options));
    JF_ASSIGN(const SourceInstance other, kit.make<SourceInstance>());
    options.random = &kit.random();
    JF_ASSIGN(const Tape second, read_tape(kit, other, options));
    const std::size_t same = std::min(first.rows.size(), second.rows.size());
    for (std::size_t i = 0; i < same; ++i)
        JF_TRY(must(first.rows[i] == second.rows[i], "row " + std::to_string(i + 1) + " is another one when read again: " + first.rows[i].substr(0, 80) + " and " + second.rows[i].substr(0, 80)));
    JF_TRY(must(!first.ended || !second.ended || first.rows.size() == second.rows.size(), "gave " + std::to_string(first.rows.size()) + " rows, and " +
                                                                                              std::to_string(second.rows.size()) + " when read again"));
    return "read again in other batches: the same " + count(same, "row");
}

/// The rows after `from` are those of the tape from `index` on; `most` of them are read.
Status tail_is(Kit& kit, const Opened& it, const Tape& tape, const Tape::Mark& mark, std::size_t most)
{
    TapeOptions options;
    options.partition = it.partition;
    options.from = mark.position;
    options.enough = most;
    options.max_rows = std::min<std::uint64_t>(most, 1000);
    JF_ASSIGN(const Tape tail, read_tape(kit, it.source, options));
    const std::string at = "from the position after row " + std::to_string(mark.rows);
    for (std::size_t i = 0; i < tail.rows.size() && mark.rows + i < tape.rows.size(); ++i)
        JF_TRY(must(tail.rows[i] == tape.rows[mark.rows + i], at + " row " + std::to_string(mark.rows + i + 1) + " is " + tail.rows[i].substr(0, 80) + ", not " + tape.rows[mark.rows + i].substr(0, 80)));
    const std::size_t expected = std::min(most, tape.rows.size() - mark.rows);
    JF_TRY(must(tail.rows.size() >= expected, at + " only " + count(tail.rows.size(), "row") + " came of " + std::to_string(expected)));
    return must(!tape.ended || tail.rows.size() <= tape.rows.size() - mark.rows, at + " more rows came than there are");
}

/// At most `most` marks, spread over the tape, the first and the last among them.
std::vector<const Tape::Mark*> spread(const Tape& tape, std::size_t most)
{
    std::vector<const Tape::Mark*> out;
    const std::size_t all = tape.marks.size();
    for (std::size_t i = 0; i < std::min(all, most); ++i)
        out.push_back(&tape.marks[all <= most ? i : i * (all - 1) / (most - 1)]);
    return out;
}

Verdict resume(Kit& kit)
{
    JF_ASSIGN(const Opened it, opened(kit));
    if (!it.description.can(JF_CAN_REPLAY))
        return skip("describe() does not say that reading can go on at a position");
    JF_ASSIGN(const Tape tape, fine_tape(kit, it));
    const auto marks = spread(tape, kit.options().quick ? most_positions / 10 : most_positions);
    if (marks.empty())
        return skip("there are no rows; give --config for a source with some");
    const std::int64_t until = monotonic_ns() + kit.options().timeout.count() * 2;
    std::size_t done = 0;
    for (const Tape::Mark* mark : marks) {
        kit.doing("going on at the position after row " + std::to_string(mark->rows));
        JF_TRY(tail_is(kit, it, tape, *mark, done % 50 == 0 ? 1'000'000 : 20));
        ++done;
        if (monotonic_ns() > until)
            break; // slow to open: some positions are better than none
    }
    return "resumes at each of " + count(done, "position") + " with the same rows";
}

Verdict until(Kit& kit)
{
    JF_ASSIGN(const Opened it, opened(kit));
    if (!it.description.can(JF_CAN_REPLAY_UNTIL))
        return skip("describe() does not say that it can stop at a position");
    JF_ASSIGN(const Tape tape, fine_tape(kit, it));
    const auto marks = spread(tape, 100);
    for (std::size_t i = 0; i < marks.size(); ++i) {
        const Tape::Mark* start = i % 2 ? marks[kit.random().below(i)] : nullptr;
        TapeOptions options;
        options.partition = it.partition;
        options.until = marks[i]->position;
        options.from = start ? std::string_view(start->position) : std::string_view();
        JF_ASSIGN(const Tape part, read_tape(kit, it.source, options));
        const std::size_t first = start ? start->rows : 0;
        const std::string where = "from row " + std::to_string(first + 1) + " until row " + std::to_string(marks[i]->rows);
        JF_TRY(must(part.ended, where + " it did not end"));
        JF_TRY(must(part.rows.size() == marks[i]->rows - first, where + " came " + count(part.rows.size(), "row")));
        JF_TRY(must(std::equal(part.rows.begin(), part.rows.end(), tape.rows.begin() + static_cast<std::ptrdiff_t>(first)), where + " other rows came"));
    }
    return "stops right after each of " + count(marks.size(), "position");
}

Verdict zero_rows(Kit& kit)
{
    JF_ASSIGN(const Opened it, opened(kit));
    TapeOptions options;
    options.partition = it.partition;
    JF_ASSIGN(const Tape before, read_tape(kit, it.source, options));
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    JF_ASSIGN(SourceReader reader, it.source.open(frame, {kit_scope, it.partition, {}, {}}));
    JF_ASSIGN(const auto known, reader.schema(frame));
    JF_TRY(must(known.has_value(), "schema() had no answer"));
    SourceBatch batch;
    for (int i = 0; i < 10; ++i) {
        frame.set_deadline_in(second_ns);
        JF_ASSIGN(const ReadOutcome outcome, reader.next(frame, {0, 0}, batch));
        JF_TRY(must(outcome != ReadOutcome::batch, "next() with max_rows 0 brought a batch; it only keeps the connection alive (JF_IDLE)"));
    }
    JF_ASSIGN(const Tape after, read_on(kit, reader, options));
    if (it.description.can(JF_CAN_REPLAY))
        JF_TRY(must(after.rows == before.rows, "after next() with max_rows 0 other rows came"));
    return std::string("max_rows 0 brings none and loses none");
}

Verdict limits(Kit& kit)
{
    JF_ASSIGN(const SourceInstance source, kit.make<SourceInstance>());
    JF_ASSIGN(const Description description, kit.description());
    JF_ASSIGN(const std::string partition, first_partition(kit, source, description));
    for (const std::uint64_t most : {1U, 2U, 7U, 64U}) {
        TapeOptions options;
        options.partition = partition;
        options.max_rows = most;
        options.enough = most * 20;
        JF_ASSIGN(const Tape tape, read_tape(kit, source, options)); // it holds each batch against the limit
    }
    return std::string("no batch is larger than asked for");
}

Verdict cancel(Kit& kit)
{
    JF_ASSIGN(const SourceInstance source, kit.make<SourceInstance>());
    JF_ASSIGN(const Description description, kit.description());
    JF_ASSIGN(const std::string partition, first_partition(kit, source, description));
    std::int64_t longest = 0;
    for (const bool interrupt : {false, true}) {
        Cancellation cancellation;
        CallFrame frame(&cancellation);
        frame.set_deadline_in(20 * second_ns);
        JF_ASSIGN(SourceReader reader, source.open(frame, {kit_scope, partition, {}, {}}));
        JF_ASSIGN(const auto known, reader.schema(frame));
        std::atomic<std::int64_t> asked{0};
        std::thread stopper([&] {
            const timespec pause{0, 50'000'000};
            nanosleep(&pause, nullptr);
            asked = monotonic_ns();
            cancellation.cancel();
            if (interrupt)
                reader.interrupt();
        });
        kit.doing(interrupt ? "next() ran after cancel and interrupt()" : "next() ran after cancel");
        SourceBatch batch;
        while (asked == 0) { // the one that is running when it is asked to stop counts
            const auto outcome = reader.next(frame, {100, 1 << 20}, batch);
            if (!outcome && outcome.error().kind != JF_E_CANCELLED && outcome.error().kind != JF_E_TIMEOUT) {
                stopper.join();
                return outcome.error();
            }
            if (outcome && *outcome == ReadOutcome::end)
                break;
        }
        const std::int64_t back = monotonic_ns();
        stopper.join();
        const std::int64_t took = back - asked;
        JF_TRY(must(took < second_ns, "'next' came back " + seconds(took) + " after it was asked to stop (limit 1 s)"));
        longest = std::max(longest, took);
    }
    return "'next' is back " + std::to_string(std::max<std::int64_t>(0, longest) / 1'000'000) + " ms after it was asked to stop (limit 1 s)";
}

Verdict deadline(Kit& kit)
{
    JF_ASSIGN(const SourceInstance source, kit.make<SourceInstance>());
    JF_ASSIGN(const Description description, kit.description());
    JF_ASSIGN(const std::string partition, first_partition(kit, source, description));
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    JF_ASSIGN(SourceReader reader, source.open(frame, {kit_scope, partition, {}, {}}));
    JF_ASSIGN(const auto known, reader.schema(frame));
    SourceBatch batch;
    for (int i = 0; i < 20; ++i) {
        kit.doing("next() ran with a deadline 100 ms away");
        const std::int64_t limit = monotonic_ns() + second_ns / 10;
        frame.set_deadline(limit);
        const auto outcome = reader.next(frame, {100, 1 << 20}, batch);
        const std::int64_t late = monotonic_ns() - limit;
        JF_TRY(must(late < second_ns, "'next' came back " + seconds(late) + " after its deadline (1 s is allowed)"));
        if (!outcome && outcome.error().kind != JF_E_TIMEOUT && outcome.error().kind != JF_E_CANCELLED)
            return outcome.error();
        if (outcome && *outcome == ReadOutcome::end)
            break;
    }
    return std::string("'next' is back at its deadline");
}

Verdict release(Kit& kit)
{
    std::vector<OwnedArray> kept;
    Schema kept_schema;
    std::vector<std::string> rows;
    {
        JF_ASSIGN(const Opened it, opened(kit));
        CallFrame frame;
        frame.set_deadline_in(5 * second_ns);
        JF_ASSIGN(SourceReader reader, it.source.open(frame, {kit_scope, it.partition, {}, {}}));
        JF_ASSIGN(const auto raw, reader.schema(frame));
        JF_TRY(must(raw.has_value(), "schema() had no answer"));
        JF_ASSIGN(kept_schema, import_schema(**raw));
        JsonRows text(kept_schema);
        SourceBatch batch;
        for (int i = 0; i < 20 && kept.size() < 4; ++i) {
            frame.set_deadline_in(second_ns);
            JF_ASSIGN(const ReadOutcome outcome, reader.next(frame, {10, 1 << 20}, batch));
            if (outcome == ReadOutcome::end)
                break;
            if (outcome != ReadOutcome::batch)
                continue;
            text.bind(*batch.array);
            for (std::int64_t row = 0; row < batch.array->length; ++row)
                rows.push_back(text.text(row));
            kept.push_back(std::move(batch.array));
        }
    }
    kit.forget_connection();
    kit.doing("batches were read after close() and destroy()");
    JsonRows text(kept_schema);
    std::size_t at = 0;
    for (const OwnedArray& batch : kept) {
        text.bind(*batch);
        for (std::int64_t row = 0; row < batch->length; ++row, ++at)
            JF_TRY(must(text.text(row) == rows[at], "a batch changed after close() and destroy(); batches handed out stay valid"));
    }
    kit.doing("batches were released on another thread, after close() and destroy()");
    bool forgetful = false;
    std::thread([&kept, &forgetful] {
        const auto release = [&forgetful](OwnedArray& owned) {
            ArrowArray array = owned.release();
            array.release(&array);
            forgetful = forgetful || array.release != nullptr;
        };
        for (OwnedArray& batch : kept) {
            // Columns may be moved out of a batch and released after it.
            std::vector<OwnedArray> columns;
            for (std::int64_t i = 0; i < batch->n_children; ++i)
                columns.emplace_back(*batch->children[i]);
            release(batch);
            for (OwnedArray& column : columns)
                release(column);
        }
    }).join();
    JF_TRY(must(!forgetful, "release() of a batch or column leaves its own pointer standing; the rule of Arrow is to set it to NULL"));
    return std::to_string(kept.size()) + (kept.size() == 1 ? " batch" : " batches") + " read and released after close() and destroy(), columns apart, on another thread";
}

Verdict threads(Kit& kit)
{
    JF_ASSIGN(const Opened it, opened(kit));
    TapeOptions options;
    options.partition = it.partition;
    options.enough = 200;
    options.max_rows = 10;
    JF_ASSIGN(const Tape plain, read_tape(kit, it.source, options));
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    JF_ASSIGN(SourceReader reader, it.source.open(frame, {kit_scope, it.partition, {}, {}}));
    kit.doing("each next() ran on a thread of its own");
    Tape all;
    while (all.rows.size() < plain.rows.size()) {
        Result<Tape> part = Tape{};
        TapeOptions one = options;
        one.enough = 1;
        std::thread([&] { part = read_on(kit, reader, one); }).join();
        if (!part)
            return part.error();
        all.rows.insert(all.rows.end(), part->rows.begin(), part->rows.end());
        if (part->ended || part->rows.empty())
            break;
    }
    if (it.description.can(JF_CAN_REPLAY))
        JF_TRY(must(all.rows == plain.rows, "other rows come when each next() is called from another thread"));
    return count(all.rows.size(), "row") + ", each next() on a thread of its own";
}

Verdict two(Kit& kit)
{
    JF_ASSIGN(const Opened it, opened(kit));
    JF_ASSIGN(const SourceInstance other, kit.make<SourceInstance>());
    TapeOptions options;
    options.partition = it.partition;
    options.max_rows = 50;
    options.enough = 2000;
    kit.doing("three readers of two instances ran at once");
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    std::vector<SourceReader> readers;
    for (const SourceInstance* source : {&it.source, &it.source, &other}) {
        if (readers.size() == 1 && it.description.max_lanes == 1)
            continue; // one reader at a time
        JF_ASSIGN(SourceReader reader, source->open(frame, {kit_scope, it.partition, {}, {}}));
        readers.push_back(std::move(reader));
    }
    std::vector<Result<Tape>> tapes(readers.size(), Tape{});
    std::vector<std::thread> working;
    for (std::size_t i = 0; i < readers.size(); ++i)
        working.emplace_back([&, i] { tapes[i] = read_on(kit, readers[i], options); });
    for (std::thread& one : working)
        one.join();
    for (const auto& tape : tapes) {
        if (!tape)
            return tape.error();
        if (it.description.can(JF_CAN_REPLAY))
            JF_TRY(must(tape->rows == tapes[0]->rows, "readers that run at once give different rows"));
    }
    return count(readers.size(), "reader") + " of 2 instances at once";
}

/// What `bytes` as a position gives: refused, other rows, or (an error) the start.
Result<bool> refuses(Kit& kit, const Opened& it, const Tape& tape, const std::string& bytes, bool noise)
{
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    auto reader = it.source.open(frame, {kit_scope, it.partition, bytes, {}});
    if (!reader) {
        JF_TRY(must(!reader.error().message.empty(), "a bad position is refused without a sentence"));
        return true;
    }
    TapeOptions options;
    options.enough = 5;
    options.max_rows = 5;
    const auto read = read_on(kit, *reader, options);
    if (!read)
        return true;
    const bool from_start = noise && tape.rows.size() > 5 && read->rows.size() >= 5 && std::equal(read->rows.begin(), read->rows.begin() + 5, tape.rows.begin());
    JF_TRY(must(!from_start, "a position of " + count(bytes.size(), "byte") + " of noise is taken for the start, so that rows would come twice; answer JF_E_POSITION"));
    return false;
}

Verdict garbage(Kit& kit)
{
    JF_ASSIGN(const Opened it, opened(kit));
    TapeOptions options;
    options.partition = it.partition;
    options.max_rows = 5;
    options.enough = 50;
    JF_ASSIGN(const Tape tape, read_tape(kit, it.source, options));
    if (tape.marks.empty() || !it.description.can(JF_CAN_REPLAY))
        return skip("it gives no positions to go on from");
    std::size_t refused = 0, tries = 0;
    Random& random = kit.random();
    const std::int64_t until = monotonic_ns() + kit.options().timeout.count() / 2; // slow to open: some are better than none
    for (std::size_t i = 0; i < 100 && monotonic_ns() < until; ++i, ++tries) {
        std::string bytes = random.of(tape.marks).position;
        const bool noise = i % 4 == 3 || bytes.empty();
        if (noise)
            bytes = random.bytes(i == 3 ? 65536 : 10 + random.below(100));
        else if (i % 4 == 0)
            bytes[random.below(bytes.size())] ^= static_cast<char>(1U << random.below(8));
        else if (i % 4 == 1)
            bytes.resize(std::max<std::size_t>(1, random.below(bytes.size())));
        else
            bytes += random.bytes(1 + random.below(20));
        kit.doing("opening with a mutated position of " + std::to_string(bytes.size()) + " bytes (number " + std::to_string(i) + ")");
        JF_ASSIGN(const bool no, refuses(kit, it, tape, bytes, noise));
        refused += no ? 1 : 0;
    }
    return count(tries, "mutated position") + ": " + std::to_string(refused) + " refused, the others lead elsewhere, none crashes";
}

Verdict seek(Kit& kit)
{
    JF_ASSIGN(const Opened it, opened(kit));
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    JF_ASSIGN(SourceReader reader, it.source.open(frame, {kit_scope, it.partition, {}, {}}));
    if (!reader.can_seek())
        return skip("it has no seek()");
    TapeOptions options;
    options.max_rows = 7;
    options.enough = 500;
    JF_ASSIGN(const Tape tape, read_on(kit, reader, options));
    for (int i = 0; i < 20 && !tape.marks.empty(); ++i) {
        const Tape::Mark& mark = kit.random().of(tape.marks);
        frame.set_deadline_in(5 * second_ns);
        if (const Status done = reader.seek(frame, it.partition, mark.position, {}); !done) {
            if (done.error().kind == JF_E_UNSUPPORTED)
                return skip("seek() is not supported");
            return done.error();
        }
        TapeOptions some = options;
        some.enough = 20;
        JF_ASSIGN(const Tape tail, read_on(kit, reader, some));
        for (std::size_t row = 0; row < tail.rows.size() && mark.rows + row < tape.rows.size(); ++row)
            JF_TRY(must(tail.rows[row] == tape.rows[mark.rows + row], "after seek() to the position after row " + std::to_string(mark.rows) + " other rows come"));
    }
    return std::string("goes back to 20 positions in an open reader");
}

Verdict record(Kit& kit)
{
    JF_ASSIGN(const Opened it, opened(kit));
    if (!it.description.can(JF_CAN_RECORD))
        return skip("describe() does not say that it records positions");
    TapeOptions options;
    options.partition = it.partition;
    JF_ASSIGN(const Tape tape, read_tape(kit, it.source, options));
    if (tape.marks.empty())
        return skip("there are no rows");
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    {
        JF_ASSIGN(SourceReader reader, it.source.open(frame, {kit_scope, it.partition, {}, {}}));
        JF_TRY(reader.record(frame, it.partition, tape.marks[0].position, "intent"));
    }
    JF_ASSIGN(SourceReader reader, it.source.open(frame, {kit_scope, it.partition, {}, {}}));
    JF_ASSIGN(const auto kept, reader.recorded(frame, it.partition));
    JF_TRY(must(kept && kept->position == tape.marks[0].position && kept->intent == "intent", "recorded() does not give back what record() was given"));
    return std::string("record() is given back by the next reader");
}

Verdict crash(Kit& kit) { return crash_source(kit); }

constexpr Test tests[] = {
    {"source", "fields", "the schema is the same when asked again", schema},
    {"source", "batches", "batches fit the schema", batches},
    {"source", "repeat", "reading again gives the same rows", repeat},
    {"source", "resume", "resumes at each position with the same rows", resume, 3},
    {"source", "until", "stops right after a position", until, 3},
    {"source", "zero-rows", "max_rows 0 brings none", zero_rows},
    {"source", "limits", "no batch is larger than asked for", limits},
    {"source", "cancel", "'next' is back within 1 s after cancel", cancel},
    {"source", "deadline", "'next' is back at its deadline", deadline},
    {"source", "release", "batches outlive the source", release},
    {"source", "threads", "calls may come from any thread", threads},
    {"source", "two", "two instances work at once", two},
    {"source", "garbage", "bad positions are refused", garbage},
    {"source", "seek", "an open reader goes back", seek},
    {"source", "record", "positions that it keeps come back", record},
    {"source", "crash", "killed anywhere: nothing lost, nothing doubled", crash, 6},
};

} // namespace

std::span<const Test> source_tests() { return tests; }

} // namespace jackfield::testkit
