// CSV with any dialect and types: no crash, and small batches bring the rows that large ones bring.
#include "support/decode/csv.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

using namespace jackfield;
using namespace jackfield::files;

namespace {

struct Counts {
    std::uint64_t rows = 0, bad = 0, lines = 0;
    bool operator==(const Counts&) const = default;
};

Counts read(int fd, const CsvOptions& options, std::uint64_t batch)
{
    ::lseek(fd, 0, SEEK_SET);
    Counts out;
    auto input = make_input(Descriptor(::dup(fd)), "fuzz", Compression::none, {});
    CsvDecoder decoder(std::make_unique<Window>(std::move(*input), 1 << 20), options, "fuzz");
    if (!decoder.start(std::nullopt))
        return out;
    for (;;) {
        OwnedArray array;
        ReadLimits limits;
        limits.rows = batch;
        auto state = decoder.read(limits, [&](const BadRecord& bad) -> Status { return ++out.bad, out.lines += bad.line, Status(); }, array);
        if (!state || *state == ReadState::end)
            return out;
        out.rows += static_cast<std::uint64_t>(array->length);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 3)
        return 0;
    CsvOptions options;
    const unsigned choice = data[0], types = data[1];
    options.header = choice & 1;
    options.dialect.trim = choice & 2;
    options.dialect.escape = choice & 4 ? '\\' : '\0';
    options.dialect.comment = choice & 8 ? '#' : '\0';
    options.dialect.quote = choice & 16 ? '\0' : '"';
    options.dialect.delimiter = choice & 32 ? ';' : ',';
    if (types) {
        options.header = false;
        const DataType all[] = {Type::int8, Type::uint64, DataType::decimal(9, 3), DataType(Type::timestamp, Unit::milli, "UTC"), Type::boolean, Type::float32,
            DataType(Type::time64, Unit::micro), Type::utf8};
        for (unsigned i = 0; i < 8; ++i)
            if (types >> i & 1)
                options.columns.push_back({"c" + std::to_string(i), all[i]});
        for (const DeclaredColumn& column : options.columns)
            options.names.push_back(column.name);
    }
    const int fd = ::memfd_create("fuzz", 0);
    if (::write(fd, data + 2, size - 2) != static_cast<ssize_t>(size - 2))
        std::abort();
    if (!(read(fd, options, 65536) == read(fd, options, 2)))
        std::abort();
    ::close(fd);
    return 0;
}
