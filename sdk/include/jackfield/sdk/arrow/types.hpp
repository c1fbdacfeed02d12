// DataType, Field, Schema: what a column holds, as values. Names, limits and formats are those of Apache Arrow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jackfield {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

enum class Type : std::uint8_t {
    null, boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64,
    decimal128, utf8, large_utf8, utf8_view, binary, large_binary, binary_view, fixed_binary,
    date32,    ///< days since 1970-01-01
    date64,    ///< milliseconds since 1970-01-01, whole days
    time32,    ///< since midnight; unit s or ms
    time64,    ///< since midnight; unit us or ns
    timestamp, ///< since 1970-01-01 00:00; of UTC if a zone is named, else of an unnamed local clock
    duration, interval_month_day_nano,
    list, large_list, fixed_list, structure, map, dictionary, run_end_encoded,
};

enum class Unit : std::uint8_t { second, milli, micro, nano };

/// months, days and nanoseconds, as Arrow lays out an interval.
struct Interval {
    std::int32_t months = 0;
    std::int32_t days = 0;
    std::int64_t nanoseconds = 0;
    bool operator==(const Interval&) const = default;
};

struct Field;

/// The type of a column. Value. Only the members that the type has mean something; the others keep their defaults.
///
/// children: list, large_list, fixed_list: [item]. structure: its fields. map: [entries: structure of key, value].
/// dictionary: [index (an integer type), value]. run_end_encoded: [run ends (int16, int32, int64), value].
struct DataType {
    Type type = Type::null;
    Unit unit = Unit::second;    ///< time32, time64, timestamp, duration
    bool ordered = false;        ///< dictionary: its order means something. map: keys are sorted
    std::int32_t precision = 0;  ///< decimal128: 1 to 38 digits
    std::int32_t scale = 0;      ///< decimal128: digits after the point; may be negative
    std::int32_t width = 0;      ///< fixed_binary: bytes; fixed_list: items
    std::string zone;            ///< timestamp: "UTC", "Europe/Berlin", "+02:00"; empty: none
    std::vector<Field> children;

    DataType(Type simple = Type::null); // NOLINT: a plain type is a DataType
    DataType(Type with_unit, Unit of, std::string in_zone = {});

    [[nodiscard]] static DataType decimal(std::int32_t precision, std::int32_t scale);
    [[nodiscard]] static DataType fixed_binary(std::int32_t width);
    [[nodiscard]] static DataType list(DataType item);
    [[nodiscard]] static DataType structure(std::vector<Field> fields);
    [[nodiscard]] static DataType map(DataType key, DataType value);
    [[nodiscard]] static DataType dictionary(DataType index, DataType value);
    [[nodiscard]] static DataType run_end_encoded(DataType run_end, DataType value);

    /// Same type for a reader: names of list items, map entries and such do not count, names in a structure do.
    [[nodiscard]] bool operator==(const DataType& other) const;
    /// "decimal(12,2)": see spelling.hpp, which defines it.
    [[nodiscard]] std::string text() const;
};

using Metadata = std::vector<std::pair<std::string, std::string>>;

/// A named column. Value. Metadata takes no part in comparison.
struct Field {
    std::string name;
    DataType type;
    bool nullable = true;
    Metadata metadata{};

    [[nodiscard]] bool operator==(const Field& other) const
    {
        return name == other.name && nullable == other.nullable && type == other.type;
    }
};

/// The columns of a batch, in order. Value. Names may repeat in Arrow; find() gives the first.
struct Schema {
    std::vector<Field> fields;
    Metadata metadata{};

    Schema() = default;
    Schema(std::initializer_list<Field> columns) : fields(columns) {}
    explicit Schema(std::vector<Field> columns) : fields(std::move(columns)) {}

    [[nodiscard]] std::size_t size() const { return fields.size(); }
    [[nodiscard]] const Field& operator[](std::size_t i) const { return fields[i]; }
    [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const
    {
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (fields[i].name == name)
                return i;
        return std::nullopt;
    }
    [[nodiscard]] bool operator==(const Schema& other) const { return fields == other.fields; }
};

inline DataType::DataType(Type simple) : type(simple) {}
inline DataType::DataType(Type with_unit, Unit of, std::string in_zone) : type(with_unit), unit(of), zone(std::move(in_zone)) {}

inline DataType DataType::decimal(std::int32_t precision, std::int32_t scale)
{
    DataType made(Type::decimal128);
    made.precision = precision;
    made.scale = scale;
    return made;
}

inline DataType DataType::fixed_binary(std::int32_t width)
{
    DataType made(Type::fixed_binary);
    made.width = width;
    return made;
}

inline DataType DataType::list(DataType item)
{
    DataType made(Type::list);
    made.children.push_back({"item", std::move(item)});
    return made;
}

inline DataType DataType::structure(std::vector<Field> fields)
{
    DataType made(Type::structure);
    made.children = std::move(fields);
    return made;
}

inline DataType DataType::map(DataType key, DataType value)
{
    DataType entries(Type::structure);
    entries.children.push_back({"key", std::move(key), false});
    entries.children.push_back({"value", std::move(value)});
    DataType made(Type::map);
    made.children.push_back({"entries", std::move(entries), false});
    return made;
}

inline DataType DataType::dictionary(DataType index, DataType value)
{
    DataType made(Type::dictionary);
    made.children.push_back({"index", std::move(index)});
    made.children.push_back({"value", std::move(value)});
    return made;
}

inline DataType DataType::run_end_encoded(DataType run_end, DataType value)
{
    DataType made(Type::run_end_encoded);
    made.children.push_back({"run_ends", std::move(run_end), false});
    made.children.push_back({"values", std::move(value)});
    return made;
}

inline bool DataType::operator==(const DataType& other) const
{
    if (type != other.type || unit != other.unit || ordered != other.ordered || precision != other.precision
        || scale != other.scale || width != other.width || zone != other.zone || children.size() != other.children.size())
        return false;
    if (type == Type::structure)
        return children == other.children;
    const bool entries = type == Type::map; // below the entries, names do not count either
    for (std::size_t i = 0; i < children.size(); ++i) {
        const DataType& mine = children[i].type;
        const DataType& theirs = other.children[i].type;
        if (entries && mine.children.size() == 2 && theirs.children.size() == 2) {
            if (!(mine.children[0].type == theirs.children[0].type && mine.children[1].type == theirs.children[1].type))
                return false;
        } else if (!(mine == theirs)) {
            return false;
        }
    }
    return true;
}

/// Bytes of one value in the values buffer; 0 for types that have none of a fixed width (boolean, text, nested).
[[nodiscard]] inline std::size_t value_width(const DataType& type)
{
    switch (type.type) {
    case Type::int8: case Type::uint8: return 1;
    case Type::int16: case Type::uint16: return 2;
    case Type::int32: case Type::uint32: case Type::float32: case Type::date32: case Type::time32: return 4;
    case Type::int64: case Type::uint64: case Type::float64: case Type::date64: case Type::time64:
    case Type::timestamp: case Type::duration: return 8;
    case Type::decimal128: case Type::interval_month_day_nano: case Type::utf8_view: case Type::binary_view: return 16;
    case Type::fixed_binary: return static_cast<std::size_t>(type.width);
    case Type::dictionary: return type.children.empty() ? 0 : value_width(type.children[0].type);
    default: return 0;
    }
}

/// int8 to uint64.
[[nodiscard]] inline bool is_integer(Type type) { return type >= Type::int8 && type <= Type::uint64; }
/// utf8, large_utf8, utf8_view.
[[nodiscard]] inline bool is_text(Type type) { return type >= Type::utf8 && type <= Type::utf8_view; }
/// binary, large_binary, binary_view, fixed_binary.
[[nodiscard]] inline bool is_binary(Type type) { return type >= Type::binary && type <= Type::fixed_binary; }

} // namespace jackfield
