// The bodies of ColumnBuilder; included by column_builder.hpp. Long because one class covers every layout of Arrow.
#pragma once

#include <jackfield/sdk/arrow/column_builder.hpp>

#include <algorithm>

namespace jackfield {

inline ColumnBuilder::Layout ColumnBuilder::layout_of(const DataType& type)
{
    switch (type.type) {
    case Type::null: return Layout::none;
    case Type::boolean: return Layout::bits;
    case Type::utf8: case Type::binary: return Layout::text32;
    case Type::large_utf8: case Type::large_binary: return Layout::text64;
    case Type::utf8_view: case Type::binary_view: return Layout::view;
    case Type::list: case Type::map: return Layout::list32;
    case Type::large_list: return Layout::list64;
    case Type::fixed_list: return Layout::fixed_list;
    case Type::structure: return Layout::structure;
    case Type::run_end_encoded: return Layout::run_end;
    default: return Layout::fixed;
    }
}

inline ColumnBuilder::ColumnBuilder(const DataType& type, std::shared_ptr<BufferPool> pool)
    : type_(type), pool_(std::move(pool)), layout_(layout_of(type)), width_(value_width(type))
{
    if (type_.type == Type::decimal128) {
        const auto power = [](std::int32_t digits) {
            Int128 value = 1;
            for (std::int32_t i = 0; i < digits && i < 38; ++i)
                value *= 10;
            return value;
        };
        decimal_limit_ = power(type_.precision);
        decimal_factor_ = type_.scale < 0 ? 0 : power(type_.scale);
    }
    const bool dictionary = type_.type == Type::dictionary;
    for (std::size_t i = dictionary ? 1 : 0; i < type_.children.size(); ++i)
        children_.emplace_back(type_.children[i].type, pool_);
    begin();
}

inline void ColumnBuilder::begin()
{
    length_ = null_count_ = 0;
    has_validity_ = false;
    if (pool_) {
        values_ = layout_ == Layout::none ? Buffer() : pool_->take(expected_[1]);
        if (expected_[2])
            data_ = pool_->take(expected_[2]);
    }
    if (offset_width() == 4)
        values_.push<std::int32_t>(0);
    else if (offset_width() == 8)
        values_.push<std::int64_t>(0);
}

inline void ColumnBuilder::start_validity()
{
    if (has_validity_)
        return;
    has_validity_ = true;
    const auto bytes = static_cast<std::size_t>(length_ / 8 + 1);
    if (pool_ && validity_.capacity() < bytes)
        validity_ = pool_->take(expected_[0] < bytes ? bytes : expected_[0]);
    validity_.resize(bytes);
    std::memset(validity_.data(), 0xff, bytes);
}

inline std::size_t ColumnBuilder::bytes() const
{
    std::size_t total = values_.size() + data_.size() + (has_validity_ ? static_cast<std::size_t>(length_ + 7) / 8 : 0);
    for (const ColumnBuilder& child : children_)
        total += child.bytes();
    return total;
}

template <class V>
bool ColumnBuilder::push_integer(Type type, V value)
{
    switch (type) {
    case Type::int8: return push_checked<std::int8_t>(value);
    case Type::int16: return push_checked<std::int16_t>(value);
    case Type::int32: case Type::date32: case Type::time32: return push_checked<std::int32_t>(value);
    case Type::int64: case Type::date64: case Type::time64: case Type::timestamp: case Type::duration:
        return push_checked<std::int64_t>(value);
    case Type::uint8: return push_checked<std::uint8_t>(value);
    case Type::uint16: return push_checked<std::uint16_t>(value);
    case Type::uint32: return push_checked<std::uint32_t>(value);
    case Type::uint64: return push_checked<std::uint64_t>(value);
    case Type::float32: return push(static_cast<float>(value));
    case Type::float64: return push(static_cast<double>(value));
    case Type::decimal128: {
        Int128 scaled = 0;
        if (decimal_factor_ == 0 || __builtin_mul_overflow(static_cast<Int128>(value), decimal_factor_, &scaled))
            return refuse_value(std::to_string(value));
        return append_decimal(scaled);
    }
    case Type::dictionary: return push_integer(type_.children[0].type.type, value);
    default: return refuse(JF_E_STATE, "an integer was appended to a column of " + type_.text());
    }
}

inline bool ColumnBuilder::append_i64(std::int64_t value)
{
    if (type_.type == Type::int64 || type_.type == Type::timestamp) [[likely]]
        return push(value);
    return push_integer(type_.type, value);
}

inline bool ColumnBuilder::append_u64(std::uint64_t value) { return push_integer(type_.type, value); }

inline bool ColumnBuilder::append_f64(double value)
{
    if (type_.type == Type::float64) [[likely]]
        return push(value);
    if (type_.type == Type::float32)
        return push(static_cast<float>(value));
    return refuse(JF_E_STATE, "a floating-point number was appended to a column of " + type_.text());
}

inline bool ColumnBuilder::append_bool(bool value)
{
    if (layout_ != Layout::bits)
        return refuse(JF_E_STATE, "a boolean was appended to a column of " + type_.text());
    push_bit(value);
    push_validity(true);
    ++length_;
    return true;
}

inline bool ColumnBuilder::push_offset(std::size_t end)
{
    if (offset_width() == 4) {
        if (end > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) [[unlikely]]
            return refuse(JF_E_EXHAUSTED, "a batch holds at most 2 GiB or 2^31 items in a column of " + type_.text() + "; end the batch earlier");
        return push(static_cast<std::int32_t>(end));
    }
    return push(static_cast<std::int64_t>(end));
}

inline bool ColumnBuilder::append_text(std::string_view value)
{
    switch (layout_) {
    case Layout::text32: case Layout::text64: {
        const std::size_t before = data_.size();
        data_.append(value.data(), value.size());
        if (push_offset(data_.size())) [[likely]]
            return true;
        data_.resize(before);
        return false;
    }
    case Layout::view: return push_view(value);
    case Layout::fixed:
        if (type_.type != Type::fixed_binary)
            break;
        if (value.size() != width_)
            return refuse(JF_E_DATA, "a value of " + std::to_string(value.size()) + " bytes does not fit a column of " + type_.text());
        values_.append(value.data(), value.size());
        push_validity(true);
        ++length_;
        return true;
    default: break;
    }
    return refuse(JF_E_STATE, "text was appended to a column of " + type_.text());
}

inline bool ColumnBuilder::end_text(std::size_t bytes)
{
    if (layout_ != Layout::text32 && layout_ != Layout::text64)
        return refuse(JF_E_STATE, "text was appended to a column of " + type_.text());
    if (!push_offset(data_.size() + bytes))
        return false;
    data_.advance(bytes);
    return true;
}

/// 16 bytes: the length, then up to 12 bytes of text; or 4 of them, the number of the data buffer (0) and the place in it.
inline bool ColumnBuilder::push_view(std::string_view value)
{
    constexpr std::size_t limit = std::numeric_limits<std::int32_t>::max();
    if (value.size() > limit || (value.size() > 12 && data_.size() > limit - value.size()))
        return refuse(JF_E_EXHAUSTED, "a batch holds at most 2 GiB in a column of " + type_.text() + "; end the batch earlier");
    std::uint8_t* view = values_.room(16);
    const auto size = static_cast<std::int32_t>(value.size());
    std::memset(view, 0, 16);
    std::memcpy(view, &size, 4);
    if (value.size() <= 12) {
        if (!value.empty())
            std::memcpy(view + 4, value.data(), value.size());
    } else {
        const auto at = static_cast<std::int32_t>(data_.size());
        std::memcpy(view + 4, value.data(), 4);
        std::memcpy(view + 12, &at, 4);
        data_.append(value.data(), value.size());
    }
    values_.advance(16);
    push_validity(true);
    ++length_;
    return true;
}

inline bool ColumnBuilder::append_decimal(Int128 unscaled)
{
    if (type_.type != Type::decimal128)
        return refuse(JF_E_STATE, "a decimal was appended to a column of " + type_.text());
    if (unscaled >= decimal_limit_ || unscaled <= -decimal_limit_)
        return refuse_value("a decimal of more than " + std::to_string(type_.precision) + " digits");
    return push(unscaled);
}

inline bool ColumnBuilder::append_interval(Interval value)
{
    if (type_.type != Type::interval_month_day_nano)
        return refuse(JF_E_STATE, "an interval was appended to a column of " + type_.text());
    return push(value);
}

inline bool ColumnBuilder::append_null()
{
    switch (layout_) {
    case Layout::none: break;
    case Layout::bits: push_bit(false); break;
    case Layout::fixed: case Layout::view: {
        const std::size_t width = layout_ == Layout::view ? 16 : width_;
        if (width)
            std::memset(values_.room(width), 0, width);
        values_.advance(width);
        break;
    }
    case Layout::text32: values_.push(static_cast<std::int32_t>(data_.size())); break;
    case Layout::text64: values_.push(static_cast<std::int64_t>(data_.size())); break;
    case Layout::list32: values_.push(static_cast<std::int32_t>(children_[0].length())); break;
    case Layout::list64: values_.push(children_[0].length()); break;
    case Layout::fixed_list:
        for (std::int32_t i = 0; i < type_.width; ++i)
            children_[0].append_null();
        break;
    case Layout::structure:
        for (ColumnBuilder& child : children_)
            if (child.length() == length_)
                child.append_null();
        break;
    case Layout::run_end: return refuse(JF_E_STATE, "nulls of a run-end column belong in its values, child(1)");
    }
    if (layout_ != Layout::none) {
        start_validity();
        push_validity(false);
    }
    ++null_count_;
    ++length_;
    return true;
}

inline bool ColumnBuilder::end_list()
{
    if (layout_ == Layout::list32 || layout_ == Layout::list64)
        return push_offset(static_cast<std::size_t>(children_[0].length()));
    if (layout_ != Layout::fixed_list)
        return refuse(JF_E_STATE, "end_list was called on a column of " + type_.text());
    if (children_[0].length() != (length_ + 1) * type_.width) {
        children_[0].truncate(length_ * type_.width);
        return refuse(JF_E_DATA, "a row of a column of " + type_.text() + " needs exactly " + std::to_string(type_.width) + " items");
    }
    push_validity(true);
    ++length_;
    return true;
}

inline bool ColumnBuilder::end_struct()
{
    if (layout_ != Layout::structure)
        return refuse(JF_E_STATE, "end_struct was called on a column of " + type_.text());
    push_validity(true);
    ++length_;
    return true;
}

inline void ColumnBuilder::truncate(std::int64_t rows)
{
    if (rows < 0)
        rows = 0;
    if (layout_ == Layout::structure) // a row may be half done: children are ahead of length()
        for (ColumnBuilder& child : children_)
            child.truncate(rows);
    const bool shorter = rows < length_;
    if (shorter) {
        if (has_validity_)
            for (std::int64_t i = rows; i < length_; ++i)
                null_count_ -= (validity_.data()[i >> 3] >> (i & 7) & 1) == 0;
        else if (layout_ == Layout::none)
            null_count_ = rows;
        length_ = rows;
    }
    const auto at = static_cast<std::size_t>(length_);
    const auto last = static_cast<std::size_t>(
        offset_width() == 4 ? values_.as<std::int32_t>()[at] : offset_width() == 8 ? values_.as<std::int64_t>()[at] : 0);
    if (has_validity_)
        validity_.resize((at + 7) / 8);
    switch (layout_) {
    case Layout::bits: values_.resize((at + 7) / 8); break;
    case Layout::fixed: values_.resize(at * width_); break;
    case Layout::view: values_.resize(at * 16); break; // bytes of text behind dropped views stay until finish
    case Layout::text32: case Layout::text64:
        values_.resize((at + 1) * offset_width());
        data_.resize(last);
        break;
    case Layout::list32: case Layout::list64:
        values_.resize((at + 1) * offset_width());
        children_[0].truncate(static_cast<std::int64_t>(last));
        break;
    case Layout::fixed_list: children_[0].truncate(length_ * type_.width); break;
    default: break;
    }
}

inline void ColumnBuilder::clear()
{
    truncate(0);
    data_.clear();
    for (ColumnBuilder& child : children_)
        child.clear();
    forget_error();
}

inline void ColumnBuilder::reserve(std::int64_t rows)
{
    const auto wanted = static_cast<std::size_t>(length_ + rows);
    const std::size_t width = offset_width() ? offset_width() : layout_ == Layout::view ? 16 : width_;
    values_.reserve(layout_ == Layout::bits ? wanted / 8 + 1 : (wanted + 1) * width);
    if (has_validity_)
        validity_.reserve(wanted / 8 + 1);
}

inline std::uint8_t* ColumnBuilder::validity()
{
    start_validity();
    const std::size_t width = offset_width() ? offset_width() : layout_ == Layout::view ? 16 : width_;
    const std::size_t rows = layout_ == Layout::bits ? values_.capacity() * 8 : width ? values_.capacity() / width : 0;
    validity_.reserve(rows / 8 + 1);
    return validity_.data();
}

inline void ColumnBuilder::set_length(std::int64_t rows, std::int64_t null_count)
{
    length_ = rows;
    const auto count = static_cast<std::size_t>(rows);
    if (has_validity_)
        validity_.resize((count + 7) / 8);
    if (layout_ == Layout::bits)
        values_.resize((count + 7) / 8);
    if (offset_width()) {
        values_.resize((count + 1) * offset_width());
        if (layout_ == Layout::text32 || layout_ == Layout::text64)
            data_.resize(static_cast<std::size_t>(
                layout_ == Layout::text32 ? values_.as<std::int32_t>()[count] : values_.as<std::int64_t>()[count]));
    } else if (layout_ == Layout::fixed || layout_ == Layout::view) {
        values_.resize(count * (layout_ == Layout::view ? 16 : width_));
    }
    null_count_ = layout_ == Layout::none ? rows : null_count;
    if (null_count < 0) {
        null_count_ = has_validity_ ? rows : 0;
        for (std::size_t i = 0; has_validity_ && i < count / 8; ++i)
            null_count_ -= std::popcount(validity_.data()[i]);
        for (std::size_t i = count & ~std::size_t(7); has_validity_ && i < count; ++i)
            null_count_ -= validity_.data()[i >> 3] >> (i & 7) & 1;
    }
}

inline Status ColumnBuilder::check_children() const
{
    for (std::size_t i = 0; i < children_.size(); ++i) {
        const std::int64_t found = children_[i].length();
        const std::int64_t wanted = layout_ == Layout::structure ? length_
            : layout_ == Layout::list32 ? values_.as<std::int32_t>()[length_]
            : layout_ == Layout::list64 ? values_.as<std::int64_t>()[length_]
            : layout_ == Layout::fixed_list ? length_ * type_.width : layout_ == Layout::run_end ? children_[0].length() : found;
        if (found != wanted)
            return fail(JF_E_STATE, "child " + std::to_string(i) + " of a column of " + type_.text() + " has "
                    + std::to_string(found) + " values instead of " + std::to_string(wanted) + "; close each row once");
    }
    return {};
}

namespace detail {

/// What one built array owns. The structs of its children live here.
struct BuiltParts {
    std::shared_ptr<BufferPool> pool; // counted: where the buffers go back to, whenever that is
    Buffer buffers[3];
    const void* pointers[4] = {nullptr, nullptr, nullptr, nullptr};
    std::int64_t data_size = 0; // of the one data buffer of a view column
    std::vector<ArrowArray> children;
    std::vector<ArrowArray*> child_pointers;
    ArrowArray dictionary{};
};

inline void release_built(ArrowArray* array)
{
    std::unique_ptr<BuiltParts> parts(static_cast<BuiltParts*>(array->private_data));
    for (ArrowArray& child : parts->children)
        if (child.release)
            child.release(&child);
    if (parts->dictionary.release)
        parts->dictionary.release(&parts->dictionary);
    if (parts->pool)
        for (Buffer& buffer : parts->buffers)
            parts->pool->give(std::move(buffer));
    array->release = nullptr;
}

inline ArrowArray start_built(BuiltParts* parts, std::size_t children)
{
    parts->children.resize(children, ArrowArray{});
    for (ArrowArray& child : parts->children)
        parts->child_pointers.push_back(&child);
    ArrowArray made{};
    made.n_children = static_cast<std::int64_t>(children);
    made.children = parts->child_pointers.data();
    made.buffers = parts->pointers;
    made.release = release_built;
    made.private_data = parts;
    return made;
}

} // namespace detail

inline Result<OwnedArray> ColumnBuilder::finish()
{
    if (error_)
        return *std::exchange(error_, std::nullopt);
    JF_TRY(check_children());
    const bool dictionary = type_.type == Type::dictionary;
    auto parts = std::make_unique<detail::BuiltParts>();
    OwnedArray made(detail::start_built(parts.get(), dictionary ? 0 : children_.size()));
    detail::BuiltParts& inside = *parts.release();
    made->length = length_;
    made->null_count = null_count_;
    made->dictionary = dictionary ? &inside.dictionary : nullptr;
    for (std::size_t i = 0; i < children_.size(); ++i) {
        auto child = children_[i].finish();
        if (!child)
            return std::move(child).error().at(type_.children[dictionary ? i + 1 : i].name);
        (dictionary ? inside.dictionary : inside.children[i]) = child->release();
    }
    // Never null pointers for data: some readers take them for an error even when empty.
    values_.reserve(8);
    const bool texts = layout_ == Layout::text32 || layout_ == Layout::text64 || layout_ == Layout::view;
    if (texts)
        data_.reserve(8);
    // The next batch will be like this one, and grow its buffers as far: with less it would have to make new ones each time.
    const auto as_before = [](const Buffer& buffer) { return std::min(buffer.capacity(), 2 * buffer.size() + 4096); };
    expected_[0] = null_count_ ? static_cast<std::size_t>(length_) / 8 + 1 : 0;
    expected_[1] = as_before(values_);
    expected_[2] = as_before(data_);
    inside.pool = pool_;
    inside.buffers[0] = std::move(validity_);
    inside.buffers[1] = std::move(values_);
    inside.buffers[2] = std::move(data_);
    inside.data_size = static_cast<std::int64_t>(inside.buffers[2].size());
    inside.pointers[0] = null_count_ ? inside.buffers[0].data() : nullptr;
    inside.pointers[1] = inside.buffers[1].data();
    inside.pointers[2] = inside.buffers[2].data();
    inside.pointers[3] = &inside.data_size;
    made->n_buffers = layout_ == Layout::none || layout_ == Layout::run_end ? 0
        : layout_ == Layout::structure || layout_ == Layout::fixed_list ? 1 : layout_ == Layout::view ? 4 : texts ? 3 : 2;
    begin();
    return made;
}

} // namespace jackfield
