// Sizes and comparison over the bare C structs.
#include "exec/pipeline/batches.hpp"

#include <jackfield/sdk/arrow/schema.hpp>

#include <cstring>
#include <string_view>

namespace jackfield::exec {
namespace {

/// Bytes of one value of a fixed-width format; 0: it has another layout.
std::uint64_t fixed_width(std::string_view format) noexcept
{
    if (format.empty())
        return 0;
    switch (format[0]) {
    case 'c': case 'C': return 1;
    case 's': case 'S': case 'e': return 2;
    case 'i': case 'I': case 'f': return 4;
    case 'l': case 'L': case 'g': return 8;
    case 'd': return 16;
    case 't': return format == "tdD" || format == "tts" || format == "ttm" ? 4 : 8;
    default: return 0;
    }
}

template <class Offset>
std::uint64_t between_offsets(const ArrowArray& array) noexcept
{
    if (array.n_buffers < 2 || !array.buffers[1] || array.length == 0)
        return 0;
    const auto* offsets = static_cast<const Offset*>(array.buffers[1]) + array.offset;
    return static_cast<std::uint64_t>(offsets[array.length] - offsets[0]) + static_cast<std::uint64_t>(array.length) * sizeof(Offset);
}

bool same_text(const char* left, const char* right) noexcept
{
    return std::string_view(left ? left : "") == std::string_view(right ? right : "");
}

} // namespace

std::uint64_t bytes_of(const ArrowSchema& schema, const ArrowArray& array) noexcept
{
    const std::string_view format = schema.format ? schema.format : "";
    const auto rows = static_cast<std::uint64_t>(array.length);
    std::uint64_t total = 0;
    if (format == "u" || format == "z")
        total = between_offsets<std::int32_t>(array);
    else if (format == "U" || format == "Z")
        total = between_offsets<std::int64_t>(array);
    else if (const std::uint64_t width = fixed_width(format))
        total = rows * width;
    else if (format == "vu" || format == "vz")
        total = rows * 32; // the view itself and a guess at what lies beside it
    else if (format == "b")
        total = rows / 8;
    for (std::int64_t i = 0; i < array.n_children && i < schema.n_children; ++i)
        total += bytes_of(*schema.children[i], *array.children[i]);
    return total;
}

bool same_schema(const ArrowSchema& left, const ArrowSchema& right) noexcept
{
    if (&left == &right)
        return true;
    if (!same_text(left.format, right.format) || !same_text(left.name, right.name) || left.flags != right.flags
        || left.n_children != right.n_children || !left.dictionary != !right.dictionary)
        return false;
    for (std::int64_t i = 0; i < left.n_children; ++i)
        if (!same_schema(*left.children[i], *right.children[i]))
            return false;
    return !left.dictionary || same_schema(*left.dictionary, *right.dictionary);
}

const Schema& quarantine_schema()
{
    static const Schema schema{{"at", DataType(Type::timestamp, Unit::micro, "UTC")}, {"flow", Type::utf8}, {"task", Type::utf8},
                               {"stage", Type::utf8}, {"place", Type::utf8}, {"column", Type::utf8}, {"code", Type::utf8},
                               {"message", Type::utf8}, {"record", Type::utf8}};
    return schema;
}

Result<SharedSchema> shared_quarantine_schema()
{
    OwnedSchema out;
    JF_TRY(export_schema(quarantine_schema(), out.out()));
    return SharedSchema(std::make_shared<const OwnedSchema>(std::move(out)));
}

} // namespace jackfield::exec
