// Choosing encoders, and rows in the binary form of COPY.
#include "encode.hpp"

#include "encode_parts.hpp"
#include "text_rows.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

/// Nothing but nulls.
class NullEncoder final : public ColumnEncoder {
public:
    void measure(const ColumnView&, std::int64_t, std::int64_t count, std::size_t* sizes, Faults&) override
    {
        for (std::int64_t i = 0; i < count; ++i)
            sizes[i] += 4;
    }
    void write(const ColumnView&, std::int64_t, std::int64_t count, char** places) override
    {
        for (std::int64_t i = 0; i < count; ++i)
            places[i] = put_be(places[i], std::int32_t(-1));
    }
};

/// Columns are written block by block, so that a block stays in the processor's cache between the columns.
class BinaryRows final : public RowEncoder {
public:
    BinaryRows(CopyColumns columns, std::vector<std::unique_ptr<ColumnEncoder>> encoders) : RowEncoder(std::move(columns)), encoders_(std::move(encoders)) {}

    void encode(std::int64_t first, std::int64_t count, Buffer& out, Faults& faults) override
    {
        const std::size_t before = out.size(), known = faults.size();
        const std::int64_t order = order_;
        for (const std::int64_t end = first + count; first < end; first += ColumnEncoder::block_rows)
            block(first, std::min(end - first, ColumnEncoder::block_rows), out, faults);
        if (faults.size() == known)
            return;
        out.resize(before);
        order_ = order;
    }
    [[nodiscard]] std::string_view head() const override { return {"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19}; }
    [[nodiscard]] std::string_view tail() const override { return {"\377\377", 2}; }
    [[nodiscard]] std::string_view format() const override { return "FORMAT binary"; }

private:
    void block(std::int64_t first, std::int64_t count, Buffer& out, Faults& faults)
    {
        const std::size_t known = faults.size();
        std::fill_n(sizes_.begin(), count, order_ < 0 ? 2U : 14U);
        for (std::size_t i = 0; i < encoders_.size(); ++i) {
            const std::size_t before = faults.size();
            encoders_[i]->measure(view_[i], first, count, sizes_.data(), faults);
            for (std::size_t k = before; k < faults.size(); ++k)
                faults[k].column = i;
        }
        if (faults.size() > known)
            return;
        std::size_t total = 0;
        for (std::int64_t i = 0; i < count; ++i)
            total += sizes_[static_cast<std::size_t>(i)];
        char* at = reinterpret_cast<char*>(out.room(total));
        const auto fields = static_cast<std::int16_t>(encoders_.size() + (order_ < 0 ? 0 : 1));
        for (std::int64_t i = 0; i < count; ++i) {
            places_[static_cast<std::size_t>(i)] = put_be(at, fields);
            at += sizes_[static_cast<std::size_t>(i)];
        }
        for (std::size_t i = 0; i < encoders_.size(); ++i)
            encoders_[i]->write(view_[i], first, count, places_.data());
        for (std::int64_t i = 0; order_ >= 0 && i < count; ++i)
            put_be(put_be(places_[static_cast<std::size_t>(i)], std::int32_t(8)), order_++);
        out.advance(total);
    }

    std::vector<std::unique_ptr<ColumnEncoder>> encoders_;
    std::array<std::size_t, static_cast<std::size_t>(ColumnEncoder::block_rows)> sizes_;
    std::array<char*, static_cast<std::size_t>(ColumnEncoder::block_rows)> places_;
};

} // namespace

std::unique_ptr<ColumnEncoder> make_encoder(const DataType& from, const PgType& to)
{
    if (value_type(from).type == Type::null)
        return std::make_unique<NullEncoder>();
    if (auto array = make_array_encoder(from, to))
        return array;
    if (auto number = make_number_encoder(from, to.kind))
        return number;
    if (auto time = make_time_encoder(from, to.kind))
        return time;
    return make_text_encoder(from, to.kind);
}

Result<std::unique_ptr<RowEncoder>> make_row_encoder(CopyColumns columns)
{
    std::vector<std::unique_ptr<ColumnEncoder>> encoders;
    bool binary = true;
    for (std::size_t i = 0; i < columns.from.size(); ++i) {
        const Field& field = columns.schema[i];
        encoders.push_back(make_encoder(field.type, columns.types[i]));
        binary = binary && encoders.back();
        if (!encoders.back() && !text_will_do(field.type, columns.types[i]))
            return fail(JF_E_CONFIG, "rows bring " + field.type.text() + " for column '" + field.name + "', which is " + columns.types[i].sql
                    + "; cast it with the step 'cast', or change the column", field.name);
    }
    if (binary)
        return std::make_unique<BinaryRows>(std::move(columns), std::move(encoders));
    return make_text_rows(std::move(columns));
}

} // namespace jackfield::postgres
