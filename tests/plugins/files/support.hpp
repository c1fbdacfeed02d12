// What the tests of the files plugin share: a directory of their own, whole files, decoding all of a text.
#pragma once

#include "support/decode/csv.hpp"
#include "support/decode/json.hpp"

#include <jackfield/sdk/arrow/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace jackfield::files::test {

/// A directory that is removed with everything in it.
class Directory {
public:
    Directory()
    {
        std::string name = (std::filesystem::temp_directory_path() / "jackfield-files-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

inline void write_file(const std::string& path, const std::string& text, bool append = false)
{
    std::ofstream out(path, std::ios::binary | (append ? std::ios::app : std::ios::trunc));
    out << text;
}
inline std::string read_file(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// What came out of a text: the schema, rows as JSON, bad records as "line column code".
struct Decoded {
    std::string schema, error;
    std::vector<std::string> rows, bad;
};

inline Decoded drain(Decoder& decoder, std::uint64_t rows_at_once = 65536)
{
    Decoded out;
    if (auto started = decoder.start(std::nullopt); !started) {
        out.error = started.error().message;
        return out;
    }
    for (const Field& field : decoder.schema().fields)
        out.schema += (out.schema.empty() ? "" : " ") + field.name + ":" + field.type.text();
    JsonRows json(decoder.schema());
    for (;;) {
        OwnedArray batch;
        ReadLimits limits;
        limits.rows = rows_at_once;
        auto state = decoder.read(limits,
            [&](const BadRecord& bad) -> Status {
                out.bad.push_back(std::to_string(bad.line) + " " + std::string(bad.column) + " " + std::string(bad.code));
                return {};
            },
            batch);
        if (!state) {
            out.error = state.error().message;
            return out;
        }
        if (*state == ReadState::end)
            return out;
        json.bind(*batch);
        for (std::int64_t row = 0; row < batch->length; ++row)
            out.rows.push_back(json.text(row));
    }
}

inline std::unique_ptr<Window> window_of(const std::string& text, std::size_t max_record = 64 << 20)
{
    Directory directory;
    const std::string path = directory / "text";
    write_file(path, text);
    auto fd = open_for_reading(path);
    auto input = make_input(std::move(*fd), "text", Compression::none, {});
    return std::make_unique<Window>(std::move(*input), max_record);
}

inline Decoded decode_csv(const std::string& text, CsvOptions options = {}, std::uint64_t rows_at_once = 65536)
{
    CsvDecoder decoder(window_of(text), std::move(options), "text");
    return drain(decoder, rows_at_once);
}
inline Decoded decode_json(const std::string& text, JsonOptions options = {}, std::uint64_t rows_at_once = 65536)
{
    JsonDecoder decoder(window_of(text), std::move(options), "text");
    return drain(decoder, rows_at_once);
}

using Lines = std::vector<std::string>;

} // namespace jackfield::files::test
