// Small batches must bring the rows that large ones bring, whatever the bytes.
#pragma once

#include "support/decode/decoder.hpp"
#include "support/decode/window.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace jackfield::files {

struct DecodedCounts {
    std::uint64_t rows = 0, bad = 0, lines = 0;
    bool operator==(const DecodedCounts&) const = default;
};

template <class Decoder, class Options>
DecodedCounts decode(int fd, const Options& options, std::uint64_t batch)
{
    ::lseek(fd, 0, SEEK_SET);
    DecodedCounts out;
    auto input = make_input(Descriptor(::dup(fd)), "fuzz", Compression::none, {});
    Decoder decoder(std::make_unique<Window>(std::move(*input), 1 << 20), options, "fuzz");
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

/// Aborts, so that the fuzzer keeps the bytes, if batches of two rows bring other counts than large ones.
template <class Decoder, class Options>
void decode_twice(std::string_view bytes, const Options& options)
{
    const int fd = ::memfd_create("fuzz", 0);
    if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
        std::abort();
    if (!(decode<Decoder>(fd, options, 65536) == decode<Decoder>(fd, options, 2)))
        std::abort();
    ::close(fd);
}

} // namespace jackfield::files
