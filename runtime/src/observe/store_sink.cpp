// LogRecord → store::LogLine.
#include "observe/store_sink.hpp"

namespace jackfield::observe {

LogSink store_sink(std::shared_ptr<store::Store> store)
{
    return [store = std::move(store)](const LogRecord& record) {
        if (record.run.empty())
            return;
        store::LogLine line{0, record.run, record.task, record.slice, record.attempt, record.at_ns, record.level,
                            record.message, record.fields_json};
        // Queued: never fails here; the run's flush() tells if the line could not be kept.
        (void)store->change({std::move(line)}, store::Commit::queued);
    };
}

} // namespace jackfield::observe
