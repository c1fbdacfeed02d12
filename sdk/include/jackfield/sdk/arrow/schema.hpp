// Schemas across the C boundary: import_schema reads an ArrowSchema that it does not trust, export_schema makes one.
#pragma once

#include <jackfield/abi/arrow.h>
#include <jackfield/sdk/arrow/spelling.hpp>
#include <jackfield/sdk/arrow/types.hpp>
#include <jackfield/sdk/result.hpp>

#include <charconv>
#include <cstring>
#include <memory>
#include <new>

namespace jackfield {
namespace detail {

struct FormatName {
    std::string_view format;
    Type type;
    Unit unit = Unit::second;
};
inline constexpr FormatName format_names[] = {
    {"n", Type::null}, {"b", Type::boolean}, {"c", Type::int8}, {"s", Type::int16}, {"i", Type::int32}, {"l", Type::int64},
    {"C", Type::uint8}, {"S", Type::uint16}, {"I", Type::uint32}, {"L", Type::uint64}, {"f", Type::float32},
    {"g", Type::float64}, {"u", Type::utf8}, {"U", Type::large_utf8}, {"vu", Type::utf8_view}, {"z", Type::binary},
    {"Z", Type::large_binary}, {"vz", Type::binary_view}, {"tdD", Type::date32}, {"tdm", Type::date64},
    {"tts", Type::time32, Unit::second}, {"ttm", Type::time32, Unit::milli}, {"ttu", Type::time64, Unit::micro},
    {"ttn", Type::time64, Unit::nano}, {"tDs", Type::duration, Unit::second}, {"tDm", Type::duration, Unit::milli},
    {"tDu", Type::duration, Unit::micro}, {"tDn", Type::duration, Unit::nano}, {"tin", Type::interval_month_day_nano},
    {"+l", Type::list}, {"+L", Type::large_list}, {"+s", Type::structure}, {"+m", Type::map}, {"+r", Type::run_end_encoded},
};
inline constexpr std::string_view timestamp_formats[] = {"tss:", "tsm:", "tsu:", "tsn:"};
inline constexpr int max_schema_depth = 64;
inline constexpr std::int64_t max_schema_children = 1 << 20;
inline constexpr std::size_t max_schema_text = 1 << 16;

inline Error bad_schema(std::string message) { return fail(JF_E_DATA, std::move(message)); }

/// At most max_schema_text bytes of a C string, so that a missing end is noticed early.
inline Result<std::string_view> c_text(const char* text, std::string_view what)
{
    const std::size_t size = strnlen(text, max_schema_text);
    if (size == max_schema_text)
        return bad_schema("the " + std::string(what) + " of a column is longer than 64 KiB; the producer of this schema is broken");
    return std::string_view(text, size);
}

inline bool whole_number(std::string_view& text, std::int32_t& value)
{
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (bad != std::errc())
        return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

inline Result<DataType> type_of_format(std::string_view format)
{
    for (const FormatName& known : format_names)
        if (known.format == format)
            return DataType(known.type, known.unit);
    const std::string_view head = format.substr(0, 4);
    for (std::size_t i = 0; i < 4; ++i)
        if (head == timestamp_formats[i])
            return DataType(Type::timestamp, static_cast<Unit>(i), std::string(format.substr(4)));
    std::string_view rest = format;
    if (rest.substr(0, 2) == "d:") {
        DataType type(Type::decimal128);
        rest.remove_prefix(2);
        bool good = whole_number(rest, type.precision) && !rest.empty() && rest.front() == ',';
        rest.remove_prefix(rest.empty() ? 0 : 1);
        good = good && whole_number(rest, type.scale) && (rest.empty() || rest == ",128");
        if (good && type.precision >= 1 && type.precision <= 38 && type.scale >= -38 && type.scale <= 38)
            return type;
    } else if (rest.substr(0, 2) == "w:" || rest.substr(0, 3) == "+w:") {
        DataType type(rest.front() == 'w' ? Type::fixed_binary : Type::fixed_list);
        rest.remove_prefix(rest.find(':') + 1);
        if (whole_number(rest, type.width) && rest.empty() && type.width >= 0)
            return type;
    }
    return bad_schema("Arrow format '" + std::string(format.substr(0, 64)) + "' is not supported; have the producer cast the column");
}

inline std::string format_of(const DataType& type)
{
    switch (type.type) {
    case Type::timestamp: return std::string(timestamp_formats[static_cast<std::size_t>(type.unit)]) + type.zone;
    case Type::decimal128: return "d:" + std::to_string(type.precision) + "," + std::to_string(type.scale);
    case Type::fixed_binary: return "w:" + std::to_string(type.width);
    case Type::fixed_list: return "+w:" + std::to_string(type.width);
    case Type::dictionary: return type.children.size() == 2 ? format_of(type.children[0].type) : std::string();
    default: break;
    }
    const bool timed = type.type == Type::time32 || type.type == Type::time64 || type.type == Type::duration;
    for (const FormatName& known : format_names)
        if (known.type == type.type && (!timed || known.unit == type.unit))
            return std::string(known.format);
    return {};
}

/// Whether the children fit the type; empty if they do, else what is wrong. Also used before an export.
inline std::string wrong_children(const DataType& type)
{
    const std::size_t count = type.children.size();
    switch (type.type) {
    case Type::structure: return {};
    case Type::list: case Type::large_list: case Type::fixed_list: return count == 1 ? "" : "a list has one child";
    case Type::map:
        return count == 1 && type.children[0].type.type == Type::structure && type.children[0].type.children.size() == 2
            ? "" : "a map has one child, a struct of key and value";
    case Type::dictionary: return count == 2 && is_integer(type.children[0].type.type) ? "" : "a dictionary has an integer index";
    case Type::run_end_encoded: {
        const Type ends = count == 2 ? type.children[0].type.type : Type::null;
        return ends == Type::int16 || ends == Type::int32 || ends == Type::int64
            ? "" : "a run-end column has two children, run ends (int16, int32 or int64) and values";
    }
    default: return count == 0 ? "" : "this type has no children";
    }
}

inline Result<Metadata> import_metadata(const char* bytes)
{
    Metadata metadata;
    if (!bytes)
        return metadata;
    std::size_t total = 0;
    const auto number = [&] {
        std::int32_t value;
        std::memcpy(&value, bytes, sizeof value);
        bytes += sizeof value;
        return value;
    };
    const std::int32_t pairs = number();
    std::string text[2];
    for (std::int32_t i = 0; i < pairs; ++i) {
        for (std::string& part : text) {
            const std::int32_t size = number();
            total += size < 0 ? 0 : static_cast<std::size_t>(size);
            if (size < 0 || total > (std::size_t(16) << 20))
                return bad_schema("the metadata of a column is longer than 16 MiB or damaged");
            part.assign(bytes, static_cast<std::size_t>(size));
            bytes += size;
        }
        metadata.emplace_back(std::move(text[0]), std::move(text[1]));
    }
    return metadata;
}

inline Result<Field> import_field(const ArrowSchema& schema, int depth);

inline Result<DataType> import_type(const ArrowSchema& schema, int depth)
{
    if (!schema.format)
        return bad_schema("a column has no format");
    JF_ASSIGN(const std::string_view format, c_text(schema.format, "format"));
    JF_ASSIGN(DataType type, type_of_format(format));
    if (schema.n_children < 0 || schema.n_children > max_schema_children || (schema.n_children > 0 && !schema.children))
        return bad_schema("n_children is " + std::to_string(schema.n_children) + " and does not fit the children");
    for (std::int64_t i = 0; i < schema.n_children; ++i) {
        if (!schema.children[i])
            return bad_schema("child " + std::to_string(i) + " is missing");
        JF_ASSIGN(Field child, import_field(*schema.children[i], depth + 1));
        type.children.push_back(std::move(child));
    }
    type.ordered = type.type == Type::map && (schema.flags & ARROW_FLAG_MAP_KEYS_SORTED) != 0;
    if (const std::string wrong = wrong_children(type); !wrong.empty())
        return bad_schema(wrong + ", found " + std::to_string(type.children.size()) + " for format '" + std::string(format) + "'");
    if (!schema.dictionary)
        return type;
    if (!is_integer(type.type))
        return bad_schema("a dictionary needs an integer index, not " + type.text());
    JF_ASSIGN(Field value, import_field(*schema.dictionary, depth + 1));
    DataType made = DataType::dictionary(std::move(type), std::move(value.type));
    made.ordered = (schema.flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0;
    return made;
}

inline Result<Field> import_field(const ArrowSchema& schema, int depth)
{
    if (depth > max_schema_depth)
        return bad_schema("columns are nested deeper than 64 levels");
    if (!schema.release)
        return bad_schema("this part of the schema was released already");
    Field field;
    if (schema.name) {
        JF_ASSIGN(const std::string_view name, c_text(schema.name, "name"));
        field.name = name;
    }
    auto type = import_type(schema, depth);
    if (!type)
        return std::move(type).error().at(field.name);
    field.type = *std::move(type);
    field.nullable = (schema.flags & ARROW_FLAG_NULLABLE) != 0;
    JF_ASSIGN(field.metadata, import_metadata(schema.metadata));
    return field;
}

/// What one exported ArrowSchema owns. Its children's structs live here; each owns its own part, so that a
/// consumer may move one out.
struct SchemaParts {
    std::string format, name, metadata;
    std::vector<ArrowSchema> children;
    std::vector<ArrowSchema*> pointers;
    ArrowSchema dictionary{};
};

inline void release_schema(ArrowSchema* schema)
{
    std::unique_ptr<SchemaParts> parts(static_cast<SchemaParts*>(schema->private_data));
    for (ArrowSchema& child : parts->children)
        if (child.release)
            child.release(&child);
    if (parts->dictionary.release)
        parts->dictionary.release(&parts->dictionary);
    schema->release = nullptr;
}

inline std::string export_metadata(const Metadata& metadata)
{
    std::string out;
    const auto number = [&](std::size_t value) {
        const auto small = static_cast<std::int32_t>(value);
        out.append(reinterpret_cast<const char*>(&small), sizeof small);
    };
    if (metadata.empty())
        return out;
    number(metadata.size());
    for (const auto& [key, value] : metadata) {
        number(key.size());
        out += key;
        number(value.size());
        out += value;
    }
    return out;
}

inline Status export_field(const Field& field, ArrowSchema* out)
{
    const DataType& type = field.type;
    if (const std::string wrong = wrong_children(type); !wrong.empty())
        return fail(JF_E_DATA, "column '" + field.name + "': " + wrong);
    auto parts = std::make_unique<SchemaParts>();
    parts->format = format_of(type);
    if (parts->format.empty())
        return fail(JF_E_DATA, "column '" + field.name + "' has no Arrow format for " + type.text() + "; check its unit");
    parts->name = field.name;
    parts->metadata = export_metadata(field.metadata);
    const bool dictionary = type.type == Type::dictionary;
    const std::size_t count = dictionary ? 0 : type.children.size();
    parts->children.resize(count, ArrowSchema{});
    for (ArrowSchema& child : parts->children)
        parts->pointers.push_back(&child);
    *out = ArrowSchema{};
    out->format = parts->format.c_str();
    out->name = parts->name.c_str();
    out->metadata = parts->metadata.empty() ? nullptr : parts->metadata.data();
    out->flags = (field.nullable ? ARROW_FLAG_NULLABLE : 0)
        | (type.ordered ? (dictionary ? ARROW_FLAG_DICTIONARY_ORDERED : ARROW_FLAG_MAP_KEYS_SORTED) : 0);
    out->n_children = static_cast<std::int64_t>(count);
    out->children = parts->pointers.data();
    out->dictionary = dictionary ? &parts->dictionary : nullptr;
    out->release = release_schema;
    SchemaParts& made = *parts;
    out->private_data = parts.release();
    Status done;
    for (std::size_t i = 0; i < count && done; ++i)
        done = export_field(type.children[i], &made.children[i]);
    if (dictionary)
        done = export_field(Field{"", type.children[1].type}, &made.dictionary);
    if (!done)
        out->release(out);
    return done;
}

} // namespace detail

/// The columns of `schema`, a struct as every batch has. `schema` is only read; the result owns everything.
/// Fails with JF_E_DATA; `where` is the path of the column at fault.
[[nodiscard]] inline Result<Schema> import_schema(const ArrowSchema& schema)
{
    JF_ASSIGN(Field root, detail::import_field(schema, 0));
    if (root.type.type != Type::structure)
        return fail(JF_E_DATA, "a batch must be a struct of columns, this schema is " + root.type.text());
    Schema made(std::move(root.type.children));
    made.metadata = std::move(root.metadata);
    return made;
}

/// Fills `out` with a copy of `schema`; the caller owns it and calls out->release. On failure (JF_E_DATA: a type
/// that was put together wrongly) out->release is nullptr.
[[nodiscard]] inline Status export_schema(const Schema& schema, ArrowSchema* out)
{
    return detail::export_field(Field{"", DataType::structure(schema.fields), false, schema.metadata}, out);
}

} // namespace jackfield
