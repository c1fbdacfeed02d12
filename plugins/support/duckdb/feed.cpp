// Feed: copies rows of Arrow columns into DuckDB's vectors.
#include "support/duckdb/feed.hpp"

#include "support/duckdb/session.hpp"

#include <algorithm>
#include <cstring>

namespace jackfield::duckdb {

namespace {

bool is_ascii(std::string_view text)
{
    std::uint64_t all = 0, eight = 0;
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::memcpy(&eight, text.data() + at, 8);
        all |= eight;
    }
    for (; at < text.size(); ++at)
        all |= static_cast<unsigned char>(text[at]);
    return (all & 0x8080808080808080u) == 0;
}

} // namespace

bool is_utf8(std::string_view text)
{
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    const auto* end = at + text.size();
    while (at < end) {
        std::uint64_t eight;
        if (end - at >= 8 && (std::memcpy(&eight, at, 8), (eight & 0x8080808080808080u) == 0)) {
            at += 8;
            continue;
        }
        if (*at < 0x80) {
            ++at;
            continue;
        }
        const int more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : 1;
        if (*at < 0xc2 || *at > 0xf4 || end - at <= more)
            return false;
        const unsigned char second = at[1]; // the ranges of the second byte keep out long forms and surrogates
        const unsigned char low = *at == 0xe0 ? 0xa0 : *at == 0xf0 ? 0x90 : 0x80;
        const unsigned char high = *at == 0xed ? 0x9f : *at == 0xf4 ? 0x8f : 0xbf;
        if (second < low || second > high)
            return false;
        for (int i = 2; i <= more; ++i)
            if ((at[i] & 0xc0) != 0x80)
                return false;
        at += more + 1;
    }
    return true;
}

namespace {

/// What cannot be stored; found while a vector is filled.
struct BadValue {
    std::string message;
};

void set_null(const Library& api, duckdb_vector vector, std::int64_t row)
{
    api.vector_ensure_validity_writable(vector);
    api.vector_get_validity(vector)[row >> 6] &= ~(std::uint64_t(1) << (row & 63));
}

/// Marks the nulls of rows [first, first + count) in rows [0, count) of the vector; a run of 64 rows without one is quick.
void fill_validity(const Library& api, duckdb_vector vector, const ColumnView& column, std::int64_t first, std::int64_t count)
{
    if (!column.may_have_nulls() && !column.indirect())
        return;
    const std::uint8_t* bits = column.indirect() ? nullptr : column.validity();
    if (!bits) {
        for (std::int64_t i = 0; i < count; ++i)
            if (column.is_null(first + i))
                set_null(api, vector, i);
        return;
    }
    for (std::int64_t i = 0; i < count;) {
        const std::int64_t at = column.bit_offset() + first + i;
        if ((at & 7) == 0 && count - i >= 8 && bits[at >> 3] == 0xff) {
            i += 8;
            continue;
        }
        if ((bits[at >> 3] >> (at & 7) & 1) == 0)
            set_null(api, vector, i);
        ++i;
    }
}

duckdb_string_t string_of(std::string_view text)
{
    duckdb_string_t out{};
    const auto size = static_cast<std::uint32_t>(text.size());
    if (size <= 12) {
        out.value.inlined.length = size;
        if (size)
            std::memcpy(out.value.inlined.inlined, text.data(), size);
    } else { // points into the batch, which outlives the statement
        out.value.pointer.length = size;
        std::memcpy(out.value.pointer.prefix, text.data(), 4);
        out.value.pointer.ptr = const_cast<char*>(text.data());
    }
    return out;
}

template <class Offset>
void fill_offsets(duckdb_string_t* out, const ColumnView& column, std::int64_t first, std::int64_t count, bool check)
{
    const Offset* offsets = column.values<Offset>() + first;
    const char* data = column.data();
    const auto text = [&](std::int64_t from, std::int64_t to) {
        return offsets[to] == offsets[from] ? std::string_view() : std::string_view(data + offsets[from], static_cast<std::size_t>(offsets[to] - offsets[from]));
    };
    if (check && !is_ascii(text(0, count)))
        for (std::int64_t i = 0; i < count; ++i)
            if (!is_utf8(text(i, i + 1)) && !column.is_null(first + i))
                throw BadValue{"a value is not UTF-8"};
    for (std::int64_t i = 0; i < count; ++i)
        out[i] = string_of(text(i, i + 1));
}

void fill_text(duckdb_string_t* out, const ColumnView& column, std::int64_t first, std::int64_t count, bool check)
{
    switch (column.type().type) {
    case Type::utf8: case Type::binary: return fill_offsets<std::int32_t>(out, column, first, count, check);
    case Type::large_utf8: case Type::large_binary: return fill_offsets<std::int64_t>(out, column, first, count, check);
    default: break;
    }
    for (std::int64_t i = 0; i < count; ++i) {
        const std::string_view text = column.is_null(first + i) ? std::string_view() : column.text(first + i);
        if (check && !is_utf8(text))
            throw BadValue{"a value is not UTF-8"};
        out[i] = string_of(text);
    }
}

Int128 power_of_ten(std::int32_t digits)
{
    Int128 out = 1;
    for (; digits > 0; --digits)
        out *= 10;
    return out;
}

template <class T>
void fill_decimal(void* to, const ColumnView& column, std::int64_t first, std::int64_t count)
{
    auto* out = static_cast<T*>(to);
    const DataType& type = column.indirect() ? column.target().type() : column.type();
    const Int128 limit = power_of_ten(type.precision);
    bool fits = true;
    for (std::int64_t i = 0; i < count; ++i) {
        const Int128 value = column.decimal(first + i);
        fits = fits && value < limit && value > -limit;
        out[i] = static_cast<T>(value);
    }
    if (fits)
        return;
    for (std::int64_t i = 0; i < count; ++i) { // what is under a null does not count
        const Int128 value = column.is_null(first + i) ? Int128(0) : column.decimal(first + i);
        if (value >= limit || value <= -limit)
            throw BadValue{"a value does not fit " + type.text()};
    }
}

std::int64_t floor_div(std::int64_t value, std::int64_t by) { return value / by - (value % by < 0 ? 1 : 0); } // towards the past, so that order is kept

/// 64-bit values times `factor` and divided by `divisor`.
void fill_scaled(void* to, const ColumnView& column, std::int64_t first, std::int64_t count, std::int64_t factor, std::int64_t divisor)
{
    auto* out = static_cast<std::int64_t*>(to);
    for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t value = column.i64(first + i);
        if (__builtin_mul_overflow(value, factor, &out[i]) && !column.is_null(first + i))
            throw BadValue{"a time is outside of what DuckDB can hold"};
        if (divisor != 1)
            out[i] = floor_div(out[i], divisor);
    }
}

std::int64_t to_micros(Unit unit) { return unit == Unit::second ? 1'000'000 : unit == Unit::milli ? 1'000 : 1; }

void fill(const Library& api, duckdb_vector vector, const ColumnView& column, std::int64_t first, std::int64_t count);

void fill_intervals(void* to, const ColumnView& column, std::int64_t first, std::int64_t count)
{
    auto* out = static_cast<duckdb_interval*>(to);
    const DataType& type = column.type();
    for (std::int64_t i = 0; i < count; ++i) {
        if (type.type == Type::duration) {
            std::int64_t micros = 0;
            if (__builtin_mul_overflow(column.i64(first + i), to_micros(type.unit), &micros) && !column.is_null(first + i))
                throw BadValue{"a duration is outside of what DuckDB can hold"};
            out[i] = {0, 0, type.unit == Unit::nano ? micros / 1000 : micros};
        } else {
            const Interval value = column.interval(first + i);
            out[i] = {value.months, value.days, value.nanoseconds / 1000};
        }
    }
}

void fill_list(const Library& api, duckdb_vector vector, void* to, const ColumnView& column, std::int64_t first, std::int64_t count)
{
    auto* out = static_cast<duckdb_list_entry*>(to);
    const std::int64_t begin = count ? column.items(first).first : 0;
    const std::int64_t end = count ? column.items(first + count - 1).second : 0;
    for (std::int64_t i = 0; i < count; ++i) {
        const auto [from, until] = column.items(first + i);
        out[i] = {static_cast<std::uint64_t>(from - begin), static_cast<std::uint64_t>(until - from)};
    }
    const auto size = static_cast<idx_t>(end - begin);
    api.list_vector_reserve(vector, std::max<idx_t>(size, 1));
    fill(api, api.list_vector_get_child(vector), column.child(0), begin, end - begin);
    api.list_vector_set_size(vector, size);
}

template <class T>
void copy(void* to, const ColumnView& column, std::int64_t first, std::int64_t count)
{
    if (column.indirect()) {
        for (std::int64_t i = 0; i < count; ++i)
            static_cast<T*>(to)[i] = column.is_null(first + i) ? T() : static_cast<T>(column.i64(first + i));
    } else if (count) {
        std::memcpy(to, column.values<T>() + first, static_cast<std::size_t>(count) * sizeof(T));
    }
}

template <class T>
void copy_floats(void* to, const ColumnView& column, std::int64_t first, std::int64_t count)
{
    if (!column.indirect())
        return copy<T>(to, column, first, count);
    for (std::int64_t i = 0; i < count; ++i)
        static_cast<T*>(to)[i] = column.is_null(first + i) ? T() : static_cast<T>(column.f64(first + i));
}

// Longer than most: one case for each type.
void fill(const Library& api, duckdb_vector vector, const ColumnView& column, std::int64_t first, std::int64_t count)
{
    fill_validity(api, vector, column, first, count);
    const DataType* type = &column.type();
    while (type->type == Type::dictionary || type->type == Type::run_end_encoded)
        type = &type->children[1].type;
    void* to = api.vector_get_data(vector);
    switch (type->type) {
    case Type::null: return;
    case Type::boolean:
        for (std::int64_t i = 0; i < count; ++i)
            static_cast<bool*>(to)[i] = !column.is_null(first + i) && column.boolean(first + i);
        return;
    case Type::int8: case Type::uint8: return copy<std::int8_t>(to, column, first, count);
    case Type::int16: case Type::uint16: return copy<std::int16_t>(to, column, first, count);
    case Type::int32: case Type::uint32: case Type::date32: return copy<std::int32_t>(to, column, first, count);
    case Type::int64: case Type::uint64: return copy<std::int64_t>(to, column, first, count);
    case Type::float32: return copy_floats<float>(to, column, first, count);
    case Type::float64: return copy_floats<double>(to, column, first, count);
    case Type::date64:
        for (std::int64_t i = 0; i < count; ++i)
            static_cast<std::int32_t*>(to)[i] = static_cast<std::int32_t>(floor_div(column.i64(first + i), 86'400'000));
        return;
    case Type::time32: return fill_scaled(to, column, first, count, to_micros(type->unit), 1);
    case Type::time64: return fill_scaled(to, column, first, count, 1, type->unit == Unit::nano ? 1000 : 1);
    case Type::timestamp:
        if (type->zone.empty()) // each unit has a type of its own
            return copy<std::int64_t>(to, column, first, count);
        return fill_scaled(to, column, first, count, to_micros(type->unit), type->unit == Unit::nano ? 1000 : 1);
    case Type::duration: case Type::interval_month_day_nano: return fill_intervals(to, column, first, count);
    case Type::decimal128:
        return type->precision <= 4 ? fill_decimal<std::int16_t>(to, column, first, count)
            : type->precision <= 9  ? fill_decimal<std::int32_t>(to, column, first, count)
            : type->precision <= 18 ? fill_decimal<std::int64_t>(to, column, first, count)
                                    : fill_decimal<Int128>(to, column, first, count);
    case Type::structure:
        for (std::size_t i = 0; i < column.children(); ++i)
            fill(api, api.struct_vector_get_child(vector, i), column.child(i), first, count);
        return;
    case Type::list: case Type::large_list: case Type::fixed_list: case Type::map: return fill_list(api, vector, to, column, first, count);
    default: return fill_text(static_cast<duckdb_string_t*>(to), column, first, count, is_text(type->type));
    }
}

} // namespace

std::string wrong_value(const ColumnView& column, std::int64_t row)
{
    if (column.is_null(row) || column.type().type == Type::null)
        return {};
    if (column.indirect())
        return wrong_value(column.target(), column.index(row));
    alignas(16) char one[16];
    const DataType& type = column.type();
    try {
        if (type.type == Type::decimal128)
            fill_decimal<Int128>(one, column, row, 1);
        else if (type.type == Type::time32 || (type.type == Type::timestamp && !type.zone.empty()))
            fill_scaled(one, column, row, 1, to_micros(type.unit), 1);
        else if (type.type == Type::duration)
            fill_intervals(one, column, row, 1);
        else if (is_text(type.type) && !is_utf8(column.text(row)))
            return "a value is not UTF-8";
    } catch (const BadValue& bad) {
        return bad.message;
    }
    return {};
}

/// Where one running statement is in a feed. One thread at a time: the function asks for one thread.
struct FeedScan {
    explicit FeedScan(Feed& feed) : feed(feed) {}

    bool next_batch()
    {
        while (batch < feed.batches_.size()) {
            view = BatchView(feed.schema_, *feed.batches_[batch]);
            start = feed.starts_[batch++];
            row = 0;
            if (view.rows() > 0)
                return true;
        }
        return false;
    }
    void deliver(duckdb_data_chunk chunk)
    {
        const Library& api = feed.api_;
        if (row >= view.rows() && !next_batch())
            return api.data_chunk_set_size(chunk, 0);
        const std::int64_t count = std::min(view.rows() - row, static_cast<std::int64_t>(api.vector_size()));
        for (std::size_t i = 0; i < columns.size(); ++i) {
            duckdb_vector vector = api.data_chunk_get_vector(chunk, i);
            if (columns[i] < view.columns()) {
                at = columns[i];
                fill(api, vector, view[columns[i]], row, count);
                continue;
            }
            if (columns[i] != view.columns())
                continue; // no column is wanted, only that there are rows
            auto* numbers = static_cast<std::uint64_t*>(api.vector_get_data(vector));
            for (std::int64_t k = 0; k < count; ++k)
                numbers[k] = static_cast<std::uint64_t>(start + row + k);
        }
        row += count;
        api.data_chunk_set_size(chunk, static_cast<idx_t>(count));
    }

    Feed& feed;
    std::vector<std::size_t> columns; // asked for, in their order
    BatchView view;
    std::size_t batch = 0;
    std::int64_t start = 0, row = 0;
    std::size_t at = 0; // column being filled, for messages
};

/// The callbacks of the table function; DuckDB calls them, so no exception leaves.
struct FeedFunction {
    /// Which feed a planned statement reads; it may be planned again when the feed is gone.
    struct FeedLink {
        FeedTable* table;
        std::uint64_t number;
    };
    static void bind(duckdb_bind_info info, FeedTable& table)
    {
        const Library& api = table.api();
        duckdb_value argument = api.bind_get_parameter(info, 0);
        Feed* feed = table.find(api.get_uint64(argument));
        api.destroy_value(&argument);
        if (!feed)
            return api.bind_set_error(info, "jackfield_feed is only for statements of Jackfield itself");
        for (std::size_t i = 0; i < feed->schema_.size(); ++i)
            api.bind_add_result_column(info, feed->schema_[i].name.c_str(), feed->types_[i]);
        duckdb_logical_type number = api.create_logical_type(DUCKDB_TYPE_UBIGINT);
        api.bind_add_result_column(info, Feed::row_column, number);
        api.destroy_logical_type(&number);
        api.bind_set_bind_data(info, new FeedLink{&table, feed->number_}, [](void* link) { delete static_cast<FeedLink*>(link); });
        api.bind_set_cardinality(info, static_cast<idx_t>(feed->rows_), false);
    }
    static void start(duckdb_init_info info, const FeedLink& link)
    {
        const Library& api = link.table->api();
        Feed* feed = link.table->find(link.number);
        if (!feed)
            return api.init_set_error(info, "the batches of this statement are gone");
        auto scan = std::make_unique<FeedScan>(*feed);
        for (idx_t i = 0; i < api.init_get_column_count(info); ++i)
            scan->columns.push_back(api.init_get_column_index(info, i));
        api.init_set_max_threads(info, 1);
        api.init_set_init_data(info, scan.release(), [](void* scan) { delete static_cast<FeedScan*>(scan); });
    }
    static void read(const Library& api, duckdb_function_info info, FeedScan& scan, duckdb_data_chunk chunk)
    {
        std::string wrong;
        try {
            return scan.deliver(chunk);
        } catch (const BadValue& bad) {
            wrong = "column '" + scan.feed.schema()[scan.at].name + "': " + bad.message;
        } catch (const std::exception& error) {
            wrong = error.what();
        }
        api.function_set_error(info, wrong.c_str());
    }
};

Status FeedTable::install(Session& session)
{
    duckdb_table_function function = api_.create_table_function();
    api_.table_function_set_name(function, "jackfield_feed");
    duckdb_logical_type number = api_.create_logical_type(DUCKDB_TYPE_UBIGINT);
    api_.table_function_add_parameter(function, number);
    api_.destroy_logical_type(&number);
    api_.table_function_set_extra_info(function, this, nullptr);
    api_.table_function_supports_projection_pushdown(function, true);
    // DuckDB hands no pointer to the library over, so each callback finds it through the one process-wide table.
    api_.table_function_set_bind(function, [](duckdb_bind_info info) {
        const Library& api = **library();
        FeedFunction::bind(info, *static_cast<FeedTable*>(api.bind_get_extra_info(info)));
    });
    api_.table_function_set_init(function, [](duckdb_init_info info) {
        const Library& api = **library();
        FeedFunction::start(info, *static_cast<FeedFunction::FeedLink*>(api.init_get_bind_data(info)));
    });
    api_.table_function_set_function(function, [](duckdb_function_info info, duckdb_data_chunk chunk) {
        const Library& api = **library();
        FeedFunction::read(api, info, *static_cast<FeedScan*>(api.function_get_init_data(info)), chunk);
    });
    const auto state = api_.register_table_function(session.raw(), function);
    api_.destroy_table_function(&function);
    if (state != DuckDBSuccess)
        return fail(JF_E_UNSUPPORTED, "DuckDB does not take a table function; its version may be too old: 1.4 or later is needed");
    return {};
}

std::uint64_t FeedTable::add(Feed& feed)
{
    const std::lock_guard lock(mutex_);
    feeds_[next_] = &feed;
    return next_++;
}

void FeedTable::remove(std::uint64_t number)
{
    const std::lock_guard lock(mutex_);
    feeds_.erase(number);
}

Feed* FeedTable::find(std::uint64_t number)
{
    const std::lock_guard lock(mutex_);
    const auto found = feeds_.find(number);
    return found == feeds_.end() ? nullptr : found->second;
}

Feed::Feed(Session& session, Schema schema)
    : table_of_(session.database().feeds()), api_(session.api()), schema_(std::move(schema)), number_(table_of_.add(*this)),
      table_("jackfield_feed(" + std::to_string(number_) + "::UBIGINT)")
{
}

Feed::~Feed()
{
    table_of_.remove(number_);
    for (auto& type : types_)
        api_.destroy_logical_type(&type);
}

Result<std::unique_ptr<Feed>> Feed::make(Session& session, Schema schema)
{
    std::string nulls;
    for (const Field& field : schema.fields) {
        auto type = sql_type(field.type);
        if (!type)
            return std::move(type).error().at(field.name);
        nulls += (nulls.empty() ? "SELECT CAST(NULL AS " : ", CAST(NULL AS ") + *type + ")";
    }
    auto made = std::make_unique<Feed>(session, std::move(schema));
    if (nulls.empty())
        return made;
    JF_ASSIGN(const auto types, Prepared::make(session, nulls));
    for (idx_t i = 0; i < session.api().prepared_statement_column_count(types->raw()); ++i)
        made->types_.push_back(session.api().prepared_statement_column_logical_type(types->raw(), i));
    return made;
}

void Feed::clear()
{
    batches_.clear();
    starts_.clear();
    rows_ = 0;
}

void Feed::add(SharedArray batch)
{
    starts_.push_back(rows_);
    rows_ += batch->length;
    batches_.push_back(std::move(batch));
}

std::pair<std::size_t, std::int64_t> Feed::locate(std::int64_t number) const
{
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), number);
    const auto batch = static_cast<std::size_t>(after - starts_.begin()) - 1;
    return {batch, number - starts_[batch]};
}

} // namespace jackfield::duckdb
