// The encoder of arrays.
#include "encode_parts.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

bool is_list(Type type) { return type == Type::list || type == Type::large_list || type == Type::fixed_list; }

/// The form of array_send: dimensions, whether there are nulls, type of the elements, size and lower bound of each dimension,
/// the elements. Lists in lists become dimensions, which must be regular.
class PutArray {
public:
    PutArray(std::unique_ptr<ColumnEncoder> element, Oid oid) : element_(std::move(element)), oid_(oid) {}

    const char* operator()(const ColumnView& column, std::int64_t row, Buffer& out)
    {
        const auto [list, at] = value_at(column, row);
        const ColumnView* items = &list->child(0);
        auto [from, to] = list->items(at);
        dimensions_.assign(1, to - from);
        while (is_list(items->type().type)) {
            if (const char* wrong = descend(*items, from, to))
                return wrong;
            items = &items->child(0);
        }
        if (from == to)
            dimensions_.clear(); // an empty array has none
        if (dimensions_.size() > 6)
            return "has more than the 6 dimensions that PostgreSQL has";
        char* head = reinterpret_cast<char*>(out.room(12 + 8 * dimensions_.size()));
        char* end = put_be(head, static_cast<std::int32_t>(dimensions_.size()));
        end = put_be(put_be(end, std::int32_t(items->may_have_nulls() || items->indirect() ? 1 : 0)), static_cast<std::uint32_t>(oid_));
        for (const std::int64_t size : dimensions_)
            end = put_be(put_be(end, static_cast<std::int32_t>(size)), std::int32_t(1));
        out.advance(static_cast<std::size_t>(end - head));
        return put_elements(*items, from, to, out);
    }

private:
    /// From the lists [from, to) to their items, which must be as many in each.
    const char* descend(const ColumnView& lists, std::int64_t& from, std::int64_t& to)
    {
        std::int64_t size = -1, first = 0, last = 0;
        for (std::int64_t row = from; row < to; ++row) {
            if (lists.is_null(row))
                return "has a null in the place of an inner list, which an array of several dimensions cannot";
            const auto [begin, end] = lists.items(row);
            if (size >= 0 && end - begin != size)
                return "has inner lists of different lengths, which an array cannot; a column of type jsonb takes them";
            size = end - begin;
            first = row == from ? begin : first;
            last = end;
        }
        dimensions_.push_back(std::max<std::int64_t>(size, 0));
        from = first;
        to = last;
        return nullptr;
    }

    const char* put_elements(const ColumnView& items, std::int64_t from, std::int64_t to, Buffer& out)
    {
        for (; from < to; from += ColumnEncoder::block_rows) {
            const std::int64_t count = std::min(to - from, ColumnEncoder::block_rows);
            std::fill_n(sizes_.begin(), count, 0);
            faults_.clear();
            element_->measure(items, from, count, sizes_.data(), faults_);
            if (!faults_.empty()) {
                wrong_ = "has an element that " + faults_[0].message;
                return wrong_.c_str();
            }
            std::size_t total = 0;
            for (std::int64_t i = 0; i < count; ++i)
                total += sizes_[static_cast<std::size_t>(i)];
            char* at = reinterpret_cast<char*>(out.room(total));
            for (std::int64_t i = 0; i < count; ++i) {
                places_[static_cast<std::size_t>(i)] = at;
                at += sizes_[static_cast<std::size_t>(i)];
            }
            element_->write(items, from, count, places_.data());
            out.advance(total);
        }
        return nullptr;
    }

    std::unique_ptr<ColumnEncoder> element_;
    Oid oid_;
    std::vector<std::int64_t> dimensions_;
    std::vector<std::size_t> sizes_ = std::vector<std::size_t>(static_cast<std::size_t>(ColumnEncoder::block_rows));
    std::vector<char*> places_ = std::vector<char*>(static_cast<std::size_t>(ColumnEncoder::block_rows));
    Faults faults_;
    std::string wrong_;
};

} // namespace

std::unique_ptr<ColumnEncoder> make_array_encoder(const DataType& from, const PgType& to)
{
    const DataType* item = &value_type(from);
    if (to.kind != Kind::array || !is_list(item->type))
        return nullptr;
    while (is_list(item->type))
        item = &item->children[0].type;
    PgType element;
    element.kind = to.element;
    element.oid = to.element_oid;
    auto encoder = make_encoder(*item, element);
    return encoder ? made(PutArray(std::move(encoder), to.element_oid)) : nullptr;
}

} // namespace jackfield::postgres
