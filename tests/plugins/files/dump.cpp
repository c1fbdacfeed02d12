// files_dump csv|ndjson|json FILE COLUMN:TYPE…: rows as NDJSON on stdout, bad records as "line code" on stderr.
#include "support/decode/csv.hpp"
#include "support/decode/json.hpp"

#include <jackfield/sdk/arrow/json.hpp>

#include <cstdio>
#include <string>

using namespace jackfield;
using namespace jackfield::files;

int main(int argc, char** argv)
{
    if (argc < 3)
        return 2;
    const std::string format = argv[1], path = argv[2];
    std::vector<DeclaredColumn> columns;
    for (int i = 3; i < argc; ++i) {
        const std::string word = argv[i];
        columns.push_back({word.substr(0, word.find(':')), parse_type(word.substr(word.find(':') + 1)).value()});
    }
    auto input = make_input(open_for_reading(path).value(), path, Compression::none, {});
    auto window = std::make_unique<Window>(std::move(*input), 64 << 20);
    std::unique_ptr<Decoder> decoder;
    if (format == "csv") {
        CsvOptions options;
        options.header = false;
        options.columns = columns;
        for (const DeclaredColumn& column : columns)
            options.names.push_back(column.name);
        options.nulls.clear();
        decoder = std::make_unique<CsvDecoder>(std::move(window), options, path);
    } else {
        decoder = std::make_unique<JsonDecoder>(std::move(window), JsonOptions{format == "ndjson", columns, 1000, std::nullopt}, path);
    }
    if (auto started = decoder->start(std::nullopt); !started) {
        std::fprintf(stderr, "%s\n", started.error().message.c_str());
        return 1;
    }
    JsonRows rows(decoder->schema());
    for (;;) {
        OwnedArray batch;
        auto state = decoder->read({}, [](const BadRecord& bad) -> Status {
            std::fprintf(stderr, "%llu %s\n", static_cast<unsigned long long>(bad.line), std::string(bad.code).c_str());
            return {};
        }, batch);
        if (!state) {
            std::fprintf(stderr, "%s\n", state.error().message.c_str());
            return 1;
        }
        if (*state == ReadState::end)
            return 0;
        rows.bind(*batch);
        for (std::int64_t row = 0; row < batch->length; ++row)
            std::puts(rows.text(row).c_str());
    }
}
