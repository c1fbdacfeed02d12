// NDJSON and JSON: no crash, and small batches bring the rows that large ones bring.
#include "support/decode/json.hpp"

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

Counts read(int fd, const JsonOptions& options, std::uint64_t batch)
{
    ::lseek(fd, 0, SEEK_SET);
    Counts out;
    auto input = make_input(Descriptor(::dup(fd)), "fuzz", Compression::none, {});
    JsonDecoder decoder(std::make_unique<Window>(std::move(*input), 1 << 20), options, "fuzz");
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
    if (size < 2)
        return 0;
    JsonOptions options;
    options.lines = data[0] & 1;
    if (data[0] & 2)
        options.columns = {{"a", Type::int32}, {"b", Type::utf8}, {"c", DataType::list(Type::float64)}, {"d", DataType::structure({{"x", DataType::decimal(9, 2)}})},
            {"e", Type::boolean}, {"f", DataType(Type::timestamp, Unit::micro)}};
    const int fd = ::memfd_create("fuzz", 0);
    if (::write(fd, data + 1, size - 1) != static_cast<ssize_t>(size - 1))
        std::abort();
    if (!(read(fd, options, 65536) == read(fd, options, 2)))
        std::abort();
    ::close(fd);
    return 0;
}
